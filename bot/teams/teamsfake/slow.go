package teamsfake

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

// telling notes that an activity is to be told. Caller holds s.mu.
func (s *Server) telling(d *delivery) {
	d.made = s.now()
	s.untold[d] = true
}

// told notes an acknowledgement, or that there will be none. Caller holds s.mu.
func (s *Server) told(d *delivery, taken bool) {
	if !s.untold[d] {
		return
	}
	delete(s.untold, d)
	if took := s.now().Sub(d.made); taken && took >= slowFloor {
		s.slow = append(s.slow, SlowActivity{ID: d.id, Name: d.name, Lane: d.lane, Took: took, Told: true})
	}
}

// SlowActivities lists what took at least so long to be acknowledged, or has waited so long;
// under 250 ms nothing is remembered. What was lost is in LostActivities.
func (s *Server) SlowActivities(over time.Duration) []SlowActivity {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := append([]SlowActivity{}, s.slow...)
	for d := range s.untold {
		list = append(list, SlowActivity{ID: d.id, Name: d.name, Lane: d.lane, Took: s.now().Sub(d.made)})
	}
	list = slices.DeleteFunc(list, func(e SlowActivity) bool { return e.Took < over })
	slices.SortFunc(list, func(a, b SlowActivity) int { return cmp.Compare(a.ID, b.ID) })
	return list
}
