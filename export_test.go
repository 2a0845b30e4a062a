package remotemedia

// Outstanding tells how many buffers of the shared pool are out, and how many sessions are open.
func Outstanding() (buffers, sessions int64) {
	return shared().Pool().Out(), shared().OpenSessions()
}
