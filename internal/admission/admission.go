// Package admission decides which calls are served when not all can be. A unary call passes two stages: on its headers it
// gets a place, waits for one in a bounded queue, or is refused at once ([Controller.Enter]); when its body is there it
// waits for a compute slot ([Place.Compute]). A live stream is admitted once ([Controller.OpenStream]) and takes a slot for
// each chunk ([Stream.Compute]), before any unary call; those that compute give way to it, and to calls of tenants that used less by far
// ([Slot.GiveWay]). Both waits are fair between tenants and, within a tenant, in the order of deadlines. What can't be served in time is refused instead of kept waiting.
//
// Nothing in here knows gRPC, the engine or the configuration. Time is that of package time, so that tests run in virtual time.
package admission

import (
	"cmp"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/mem"
)

// The bounds of the contract, for options that don't say otherwise.
const (
	DefaultPlaces  = 1000
	DefaultQueue   = 1000
	DefaultStreams = 10_000
	DefaultWait    = 30 * time.Second
	DefaultPause   = 100 * time.Millisecond
)

// ThreadTime is how long threads compute, while streams are open, before they let others run. It is less than systems give a thread at a time, and
// long enough that the changes from thread to thread cost little.
const ThreadTime = 5 * time.Millisecond

// Options bound what is served at once. The zero value of each field means its default.
type Options struct {
	Places  int // unary calls at once, from their headers to their answer
	Queue   int // calls that wait for a place; below 0: none may
	Slots   int // calls and chunks that compute at the same moment; default: one less than GOMAXPROCS, at least 1
	Streams int // live streams at once

	MaxWait    time.Duration // a call waits for a place, or for a slot, no longer, also when its deadline is later
	RetryAfter time.Duration // least pause that a refused caller is told to make

	// Memory is the budget that all executions share; bodies of a size that isn't known are reserved from it. Default: unlimited.
	Memory mem.Budget
	// TenantMemory is the most that the reservations of one tenant hold, in bytes; one reservation is always possible. 0: no bound.
	TenantMemory int64

	// LetThreadsRun, if set, lets other threads of the process have the processor for a moment. While streams are open, calls that compute call it
	// every [ThreadTime]. For a process with fewer processors than threads that run: there a chunk whose bytes have come isn't even read before
	// the system takes the processor from the thread that computes, which may be several times that.
	LetThreadsRun func()

	Shedding Shedding
	Probes   Probes
	Observer Observer // default: none
}

// Observer is told what happens, for metrics. Its methods are called from the goroutines of the calls, some of them with
// the controller locked: they must return at once and not call back.
type Observer interface {
	// Waited tells how long a call waited before it got what it waited for.
	Waited(stage Stage, d time.Duration)
	// Refused tells why a call was refused.
	Refused(reason Reason)
	// Shedding tells that the shedding of load for a reason begins or ends.
	Shedding(reason Reason, on bool)
}

// Stage is what a call waits for.
type Stage uint8

// The stages.
const (
	StagePlace Stage = iota // a unary call, for its place
	StageSlot               // a unary call, for a compute slot
	StageChunk              // a chunk of a stream, for a compute slot
	StagePause              // a unary call that gave way, until it goes on
)

// String returns the stage in a word, for the label of a metric.
func (s Stage) String() string { return [...]string{"place", "slot", "chunk", "pause"}[s] }

func (o Options) withDefaults() Options {
	o.Places = cmp.Or(o.Places, DefaultPlaces)
	o.Queue = max(0, cmp.Or(o.Queue, DefaultQueue))
	o.Slots = cmp.Or(o.Slots, max(1, runtime.GOMAXPROCS(0)-1))
	o.Streams = cmp.Or(o.Streams, DefaultStreams)
	o.MaxWait = cmp.Or(o.MaxWait, DefaultWait)
	o.RetryAfter = cmp.Or(o.RetryAfter, DefaultPause)
	if o.Memory == nil {
		o.Memory = mem.Unlimited{}
	}
	if o.Observer == nil {
		o.Observer = silent{}
	}
	return o
}

type silent struct{}

func (silent) Waited(Stage, time.Duration) {}
func (silent) Refused(Reason)              {}
func (silent) Shedding(Reason, bool)       {}

// Controller admits calls. Its methods are safe for concurrent use.
type Controller struct {
	mu      sync.Mutex
	options Options
	tenants map[string]*tenant       // those that hold or want anything
	past    map[string]time.Duration // what others have used, as far as it is kept

	places  int // held
	slots   int // held
	streams int // open
	full    busyTime
	backlog int // calls that hold a place and want the processors now or soon
	waiting [lists]queue
	hurried atomic.Int64 // for those who don't hold the lock: see tell
	rivals  atomic.Int64 // so, too
	threads threads
	coming  comers // calls whose body is on its way
	serial  uint64 // of the next waiter
	clock   time.Duration

	refusing time.Duration // what a refused call takes of the processors
	service  estimate      // of the time that a unary call computes
	holding  estimate      // of the time that a place is held
	arriving estimate      // of the time that a body takes to arrive
	entry    margin        // of a new call's estimate
	spread   margin        // of the time that a unary call computes
	pressure pressure
	shed     shedder
	counts   counts
	jitter   func() float64 // 0 to 1
}

// New makes a controller. Nothing runs by itself: see Watch for the probes.
func New(o Options) *Controller {
	c := &Controller{
		options: o.withDefaults(), tenants: make(map[string]*tenant), past: make(map[string]time.Duration),
		refusing: usualRefusal, jitter: rand.Float64, threads: threads{run: o.LetThreadsRun, began: time.Now()},
	}
	c.entry.level = firstLevel
	for i := range c.waiting {
		c.waiting[i].tenants = make(map[*tenant]struct{})
	}
	c.counts.refused = make(map[Reason]uint64)
	return c
}

// Configure changes the bounds while calls are served. What holds a place, a slot or a stream keeps it; memory, probes,
// observer and LetThreadsRun stay as they were.
func (c *Controller) Configure(o Options) {
	c.mu.Lock()
	defer c.mu.Unlock()
	o.Memory, o.Probes, o.Observer = c.options.Memory, c.options.Probes, c.options.Observer
	c.options = o.withDefaults()
	c.dispatchPlaces(time.Now())
	c.dispatchSlots(time.Now())
}

// Stats are the figures of a moment, and counts since the start.
type Stats struct {
	Places, PlacesLimit   int // unary calls
	Queued, QueueLimit    int // calls that wait for a place
	Slots, SlotsLimit     int // in use
	Waiting, WaitingLive  int // unary calls and chunks that wait for a slot
	Streams, StreamsLimit int // open
	Tenants               int // that hold or want anything

	Service   time.Duration // recent mean of the time that a unary call computes
	Shedding  []Reason      // what load is shed for
	Saturated time.Duration // in which every slot was in use
	Admitted  uint64        // calls and streams
	Refused   map[Reason]uint64
}

type counts struct {
	admitted uint64
	refused  map[Reason]uint64
}

// Stats returns the figures.
func (c *Controller) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := Stats{
		Places: c.places, PlacesLimit: c.options.Places, Queued: c.waiting[forPlace].n, QueueLimit: c.options.Queue,
		Slots: c.slots, SlotsLimit: c.options.Slots, Waiting: c.waiting[forSlot].n + c.waiting[forPaused].n, WaitingLive: c.waiting[forChunk].n,
		Streams: c.streams, StreamsLimit: c.options.Streams, Tenants: len(c.tenants),
		Saturated: c.full.total(time.Now()), Service: c.service.mean, Shedding: c.shed.reasons(), Admitted: c.counts.admitted,
		Refused: make(map[Reason]uint64, len(c.counts.refused)),
	}
	for r, n := range c.counts.refused {
		s.Refused[r] = n
	}
	return s
}

// refuse counts a refusal of a tenant's call and describes it. It is called with the lock held.
func (c *Controller) refuse(t *tenant, r refusal) *fault.Error {
	c.charge(t)
	c.counts.refused[r.reason]++
	c.options.Observer.Refused(r.reason)
	return r.fault(c.pause(r.wait))
}

// pause is how long a refused caller is to wait: as long as what it would have waited for takes, at least the configured
// pause, and up to twice that, so that those refused together don't come back together.
func (c *Controller) pause(wait time.Duration) time.Duration {
	const most = 30 * time.Second
	base := min(max(c.options.RetryAfter, wait), most)
	return base + time.Duration(c.jitter()*float64(base))
}
