// Package manifest has the document types of a pipeline.
package manifest
