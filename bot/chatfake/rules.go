package chatfake

import (
	"math"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"parley/channels/faultset"
)

// Rule says which calls and events a fault strikes.
type Rule struct {
	Method  string        // glob: chat.*, event:*; * means calls
	Channel string        // empty = any
	Skip    int           // matches to let through first
	Times   int           // how often it strikes; 0 = until cleared
	Chance  float64       // 0 = always
	For     time.Duration // from Add on; 0 = for ever
}

// Fault is an emulator's kind of fault.
type Fault[F any] interface {
	Rule() Rule
	// Counted is the fault with its id and how often it matched and struck.
	Counted(id, matched, fired int) F
}

// Rules holds the injected faults. Its lock is a leaf.
type Rules[F Fault[F]] struct {
	set  *faultset.Set[aimed[F]]
	next atomic.Int64 // the last id
}

// aimed is a fault with what it strikes, and when it ends.
type aimed[F any] struct {
	fault F
	rule  Rule
	until time.Time
}

// NewRules makes an empty set; seed decides faults with a chance.
func NewRules[F Fault[F]](seed int64) *Rules[F] {
	return &Rules[F]{set: faultset.New[aimed[F]](seed)}
}

// Add injects a fault and returns its id.
func (r *Rules[F]) Add(f F, now time.Time) int {
	a := aimed[F]{fault: f, rule: f.Rule()}
	if a.rule.For > 0 {
		a.until = now.Add(a.rule.For)
	}
	times := a.rule.Times
	if times == 0 {
		times = faultset.Forever
	}
	id := int(r.next.Add(1))
	r.set.Add(a, faultset.Rule{ID: strconv.Itoa(id), Nth: a.rule.Skip + 1, Times: times, Probability: a.rule.Chance})
	return id
}

// counted is a fault with its id and counters.
func counted[F Fault[F]](s faultset.State[aimed[F]]) F {
	id, err := strconv.Atoi(s.Rule.ID)
	if err != nil {
		panic(err) // Add gave it
	}
	return s.Fault.fault.Counted(id, s.Seen, s.Fired)
}

// List gives the faults with their counters.
func (r *Rules[F]) List() []F {
	out := []F{}
	for _, s := range r.set.List() {
		out = append(out, counted(s))
	}
	return out
}

// Clear removes the faults with these ids, or all.
func (r *Rules[F]) Clear(ids ...int) {
	if len(ids) == 0 {
		r.set.Clear()
		return
	}
	for _, id := range ids {
		r.set.Remove(strconv.Itoa(id))
	}
}

// Strike finds the first fault that strikes this call (or event, when its name begins with
// event:), and counts. until is its end, zero for none.
func (r *Rules[F]) Strike(name, channel string, now time.Time) (f F, until time.Time, ok bool) {
	s, ok := r.set.First(func(a aimed[F]) bool {
		return a.rule.matches(name, channel) && (a.until.IsZero() || now.Before(a.until))
	})
	if !ok {
		return f, until, false
	}
	return counted(s), s.Fault.until, true
}

// RetryAfter is how many seconds a fault that limits calls tells people to wait: those that it
// names, else what is left until its end, and at least one.
func RetryAfter(seconds int, until, now time.Time) int {
	if seconds == 0 && !until.IsZero() {
		seconds = int(math.Ceil(until.Sub(now).Seconds()))
	}
	return max(seconds, 1)
}

func (r Rule) matches(name, channel string) bool {
	if r.Channel != "" && r.Channel != channel || strings.HasPrefix(name, "event:") != strings.HasPrefix(r.Method, "event:") {
		return false
	}
	ok, err := path.Match(r.Method, name)
	return err == nil && ok
}

// Routes serves the faults: GET lists, POST injects and answers the id, DELETE [?id=1,2]
// clears.
func (r *Rules[F]) Routes(mux *http.ServeMux, at string, now func() time.Time) {
	mux.HandleFunc("GET "+at, func(w http.ResponseWriter, _ *http.Request) { Write(w, http.StatusOK, r.List()) })
	mux.HandleFunc("POST "+at, func(w http.ResponseWriter, req *http.Request) {
		var f F
		if Read(w, req, &f) {
			Done(w, map[string]any{"id": r.Add(f, now())}, nil)
		}
	})
	mux.HandleFunc("DELETE "+at, func(w http.ResponseWriter, req *http.Request) {
		var ids []int
		for part := range strings.SplitSeq(req.URL.Query().Get("id"), ",") {
			if n, err := strconv.Atoi(part); err == nil {
				ids = append(ids, n)
			}
		}
		r.Clear(ids...)
		Done(w, nil, nil)
	})
}
