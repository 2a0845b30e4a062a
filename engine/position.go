package engine

// At returns the id of the node at work, or of the last one that was; "" for a pipeline without nodes. Unlike the other methods
// it may be called at any time, from any goroutine: it tells where a session is stuck.
func (s *Session) At() string {
	at := int(s.current.Load())
	if at >= len(s.plan.Order) {
		return ""
	}
	return s.plan.Nodes[s.plan.Order[at]].ID
}
