package conn

import "time"

// Bucket is a budget of which half comes back in a second. It isn't safe for concurrent use.
type Bucket struct {
	Most  float64 // below 0: without bound
	spent float64
	at    time.Time
}

// refill is the share of a budget that comes back in a second.
const refill = 0.5

// Spend takes one, and reports whether it was there.
func (b *Bucket) Spend() bool {
	now := time.Now()
	if !b.at.IsZero() {
		b.spent = max(0, b.spent-now.Sub(b.at).Seconds()*b.Most*refill)
	}
	b.at = now
	b.spent++
	return b.spent <= b.Most || b.Most < 0
}
