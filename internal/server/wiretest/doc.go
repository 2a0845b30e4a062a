// Package wiretest holds the server to RFC 9113, RFC 7541 and the protocol of gRPC as a peer sees it, frame by frame, whatever transport it is
// built on. It has tests only. Where the standards leave a choice every answer that they allow passes; what a transport does against them is named
// in the tables beside what they ask for, and is let pass unless WIRETEST_STRICT is set.
package wiretest
