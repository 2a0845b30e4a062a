package admission

import (
	"cmp"
	"time"
)

// awake takes from a tenant that computed nothing for a while all but a little of its claim on that time. The little makes
// the calls of a tenant that stays below its share come first also when a few of them come together.
func (c *Controller) awake(t *tenant) { t.used = c.claimed(t) }

// claimed is what a tenant has used of the processors, as it counts when it next computes.
func (c *Controller) claimed(t *tenant) time.Duration {
	if t.running == 0 && len(t.waiting[forSlot]) == 0 && len(t.waiting[forChunk]) == 0 {
		return max(t.used, c.clock-c.credit())
	}
	return t.used
}

// credit is how far behind the others a tenant may be that stays below its share: enough for its bursts, also while a flood of refusals
// makes each call take longer.
func (c *Controller) credit() time.Duration {
	const least, times = 10 * time.Millisecond, 50
	return max(least, times*c.service.mean)
}

// usualRefusal is about what a refused call takes of the processors: its headers, what comes of its body, and the answer (see bench/OVERLOAD.md).
const usualRefusal = 100 * time.Microsecond

// charge has a tenant pay for a call of it that is refused. Who is refused often takes the processors from the calls of all tenants, which then
// count as if they used more: without the charge, who stays below its share would seem to be above it. A tenant owes no more than others may claim.
func (c *Controller) charge(t *tenant) {
	used := c.claimed(t)
	t.used = min(used+c.refusing, max(used, c.clock+c.credit()))
}

// lessUsed compares what tenants used of the processors, with an estimate for what is being computed.
func (c *Controller) lessUsed(a, b *tenant) int { return cmp.Compare(c.consumed(a), c.consumed(b)) }

func (c *Controller) consumed(t *tenant) time.Duration {
	return c.claimed(t) + time.Duration(t.running)*c.each()
}

// each is what a call is expected to use.
func (c *Controller) each() time.Duration { return max(c.service.mean, 1) }

// pending is how many calls of a tenant want the processors now or soon, those among them that compute.
func (t *tenant) pending() int { return t.backlog + len(t.waiting[forPlace]) }

// pending is how many calls of all tenants do.
func (c *Controller) pending() int { return c.backlog + c.waiting[forPlace].n }

// slotWait estimates how long a new call of a tenant would take from now to the end of its computing.
func (c *Controller) slotWait(t *tenant) time.Duration {
	own := t.pending()
	ahead := c.share(t, c.pending(), own)
	if computing, first := c.first(t); first {
		ahead = own + computing
	}
	return time.Duration(ahead+1) * c.service.mean / time.Duration(c.options.Slots)
}

// first foretells what dispatchSlots does: whether a new call of a tenant comes before all calls of others, but for those that compute
// already, which it counts. Where it doesn't, others may still come that pass it, so that no more is foretold than a fair share.
func (c *Controller) first(t *tenant) (computing int, first bool) {
	if c.pending() <= t.pending() {
		return 0, true
	}
	turn := c.turn(t)
	for _, other := range c.tenants {
		wants := other.pending()
		if other == t || wants == 0 {
			continue
		}
		if wants > other.running && c.consumed(other) <= turn {
			return 0, false
		}
		computing += min(wants, other.running)
	}
	return computing, true
}

// turn is when a new call of a tenant has its turn: when the tenant has used as much as those of it take that come before.
func (c *Controller) turn(t *tenant) time.Duration {
	return c.claimed(t) + time.Duration(t.pending())*c.each()
}

// modest reports whether a new call of a tenant comes first, and the tenant stays, with it, below what others have used. Then it isn't
// because of this tenant that there is more to do than can be done. How much one can ask for in this way is bounded by the credit, and
// what many can by who comes first.
func (c *Controller) modest(t *tenant) bool {
	_, first := c.first(t)
	return first && c.service.mean > 0 && c.turn(t) < c.clock
}

// share is how many of n places that all tenants want come before the next one of a tenant that wants own of them, when they
// are shared fairly.
func (c *Controller) share(t *tenant, n, own int) int {
	if n <= own {
		return n
	}
	return min(n, (own+1)*c.active(t)-1)
}

// active is the number of tenants with unary calls, counting the one that asks.
func (c *Controller) active(asking *tenant) int {
	n := 1
	for _, t := range c.tenants {
		if t != asking && (t.places > 0 || len(t.waiting[forPlace]) > 0) {
			n++
		}
	}
	return n
}

// placeWait estimates how long a new call of a tenant would wait for a place.
func (c *Controller) placeWait(t *tenant) time.Duration {
	ahead := c.share(t, c.waiting[forPlace].n, len(t.waiting[forPlace]))
	return time.Duration(ahead+1) * c.holding.mean / time.Duration(c.options.Places)
}
