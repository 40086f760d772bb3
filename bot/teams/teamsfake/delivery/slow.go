package delivery

import (
	"cmp"
	"slices"
	"time"
)

// slowFloor is how long an acknowledged activity took at least, to be remembered as slow.
const slowFloor = 250 * time.Millisecond

// SlowActivity is one that the bot acknowledged late, or not yet.
type SlowActivity struct {
	ID   string        `json:"id"`
	Name string        `json:"name"`           // its type
	Lane string        `json:"lane,omitempty"` // its conversation
	Took time.Duration `json:"took"`           // to the first acknowledgement, or until now; nanoseconds in JSON
	Told bool          `json:"told"`           // it was acknowledged
}

// recordSent keeps an activity that is sent, until the bot has taken it or it is lost. Caller holds the lock.
func (a *Activities) recordSent(d *Delivery) {
	d.made = a.Now()
	a.unsettled[d] = true
}

// recordTaken records how long the bot took to acknowledge an activity. Caller holds the lock.
func (a *Activities) recordTaken(d *Delivery) {
	if !a.unsettled[d] {
		return
	}
	delete(a.unsettled, d)
	if took := a.Now().Sub(d.made); took >= slowFloor {
		a.slow = append(a.slow, SlowActivity{ID: d.id, Name: d.name, Lane: d.lane, Took: took, Told: true})
	}
}

// Slow lists what took at least so long to be acknowledged, or has waited so long;
// under 250 ms nothing is remembered. What was lost is in Lost.
func (a *Activities) Slow(over time.Duration) []SlowActivity {
	a.Mu.Lock()
	defer a.Mu.Unlock()
	list := append([]SlowActivity{}, a.slow...)
	for d := range a.unsettled {
		list = append(list, SlowActivity{ID: d.id, Name: d.name, Lane: d.lane, Took: a.Now().Sub(d.made)})
	}
	list = slices.DeleteFunc(list, func(e SlowActivity) bool { return e.Took < over })
	slices.SortFunc(list, func(x, y SlowActivity) int { return cmp.Compare(x.ID, y.ID) })
	return list
}
