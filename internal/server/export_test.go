package server

// Refusing tells what the connections ask before they read on: whether the newest call was refused by its headers.
func (s *Server) Refusing() bool { return s.refusing.Load() }
