// Package check reads the files of deploy with the types and parsers of those whose files they are: Envoy, Kubernetes and BuildKit. It
// is a module of its own, so that none of these becomes a dependency of the service; scripts/test.sh runs it in its step deployment.
package check
