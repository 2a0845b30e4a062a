package admission

import "sync"

// Reserve takes n bytes of the shared memory for the body of a call whose size isn't known before it is there, because it
// is compressed. It doesn't wait. Release may be called more than once.
func (c *Controller) Reserve(tenantName string, n int64) (release func(), err error) {
	if c == nil {
		return func() {}, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.tenant(tenantName)
	defer c.forget(t)
	if most := c.options.TenantMemory; most > 0 && t.reserved > 0 && t.reserved+n > most {
		return nil, c.refuse(t, refusal{ReasonMemory, "tenant_memory_bytes", t.reserved, most, c.holding.mean})
	}
	if !c.options.Memory.Acquire(n) {
		return nil, c.refuse(t, refusal{ReasonMemory, "budget_bytes", n, "less than that now", c.holding.mean})
	}
	t.reserved += n
	return sync.OnceFunc(func() { c.unreserve(t, n) }), nil
}

// Short refuses a call in the middle of whose body the shared memory was used up. The error is a *fault.Error of the code CodeOverloaded.
func (c *Controller) Short(tenantName string) error {
	r := refusal{ReasonMemory, "budget_bytes", "used up", "what all calls hold together", 0}
	if c == nil {
		return r.fault(DefaultPause)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.tenant(tenantName)
	defer c.forget(t)
	r.wait = c.holding.mean
	return c.refuse(t, r)
}

func (c *Controller) unreserve(t *tenant, n int64) {
	c.options.Memory.Release(n)
	c.mu.Lock()
	defer c.mu.Unlock()
	t.reserved -= n
	c.forget(t)
}
