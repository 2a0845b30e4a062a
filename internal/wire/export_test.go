package wire

var AppendError = appendError
