package delivery

import (
	"cmp"
	"slices"
	"time"
)

// slowFloor is from when on an activity counts as slow at all.
const slowFloor = 250 * time.Millisecond

// SlowActivity is one that the bot acknowledged late, or not yet.
type SlowActivity struct {
	ID   string        `json:"id"`
	Name string        `json:"name"`           // its type
	Lane string        `json:"lane,omitempty"` // its conversation
	Took time.Duration `json:"took"`           // to the first acknowledgement, or until now; nanoseconds in JSON
	Told bool          `json:"told"`           // it was acknowledged
}

// noteTelling notes that an activity is to be told. Caller holds the lock.
func (a *Activities) noteTelling(d *Delivery) {
	d.made = a.Now()
	a.untold[d] = true
}

// noteTold notes an acknowledgement, or that there will be none. Caller holds the lock.
func (a *Activities) noteTold(d *Delivery, taken bool) {
	if !a.untold[d] {
		return
	}
	delete(a.untold, d)
	took := a.Now().Sub(d.made)
	if taken && took >= slowFloor {
		a.slow = append(a.slow, SlowActivity{ID: d.id, Name: d.name, Lane: d.lane, Took: took, Told: true})
	}
}

// Slow lists what took at least so long to be acknowledged, or has waited so long;
// under 250 ms nothing is remembered. What was lost is in Lost.
func (a *Activities) Slow(over time.Duration) []SlowActivity {
	a.Mu.Lock()
	defer a.Mu.Unlock()
	list := append([]SlowActivity{}, a.slow...)
	for d := range a.untold {
		list = append(list, SlowActivity{ID: d.id, Name: d.name, Lane: d.lane, Took: a.Now().Sub(d.made)})
	}
	list = slices.DeleteFunc(list, func(e SlowActivity) bool { return e.Took < over })
	slices.SortFunc(list, func(x, y SlowActivity) int { return cmp.Compare(x.ID, y.ID) })
	return list
}
