package teamsfake

import (
	"cmp"
	"slices"
	"time"
)

// A bot must acknowledge activities, the requests that Teams sends it, within seconds. This file measures how long the bot
// under test takes, so that a load test can list the slow ones.

// minSlow is the minimum time that an acknowledgement must take to be recorded.
const minSlow = 250 * time.Millisecond

// SlowActivity is an activity that the bot acknowledged late or not yet.
type SlowActivity struct {
	ID   string        `json:"id"`
	Name string        `json:"name"`           // type of the activity, such as "message"
	Lane string        `json:"lane,omitempty"` // conversation
	Took time.Duration `json:"took"`           // until the first acknowledgement, or until now; nanoseconds in JSON
	Told bool          `json:"told"`           // the bot has acknowledged it
}

// recordSent starts to measure an activity. The caller holds the lock.
func (a *Activities) recordSent(d *Delivery) {
	d.made = a.Now()
	a.unsettled[d] = true
}

// recordTaken records that the bot has acknowledged an activity. Acknowledgements of duplicates don't count. The caller
// holds the lock.
func (a *Activities) recordTaken(d *Delivery) {
	if !a.unsettled[d] {
		return
	}
	delete(a.unsettled, d)
	if took := a.Now().Sub(d.made); took >= minSlow {
		a.slow = append(a.slow, SlowActivity{ID: d.id, Name: d.name, Lane: d.lane, Took: took, Told: true})
	}
}

// Slow lists the activities whose acknowledgement took at least threshold, and those that have waited that long for one. It
// doesn't include acknowledgements that took less than 250 ms, nor lost activities.
func (a *Activities) Slow(threshold time.Duration) []SlowActivity {
	a.Mu.Lock()
	defer a.Mu.Unlock()
	list := append([]SlowActivity{}, a.slow...) // an empty list in JSON, not null
	for d := range a.unsettled {
		list = append(list, SlowActivity{ID: d.id, Name: d.name, Lane: d.lane, Took: a.Now().Sub(d.made)})
	}
	list = slices.DeleteFunc(list, func(slow SlowActivity) bool { return slow.Took < threshold })
	slices.SortFunc(list, func(x, y SlowActivity) int { return cmp.Compare(x.ID, y.ID) })
	return list
}
