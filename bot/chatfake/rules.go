package chatfake

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
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
	seed int64

	mu    sync.Mutex
	next  int
	armed []*armed[F]
}

type armed[F any] struct {
	fault              F
	rule               Rule
	id, matched, fired int
	until              time.Time
}

// NewRules makes an empty set; seed decides faults with a chance.
func NewRules[F Fault[F]](seed int64) *Rules[F] { return &Rules[F]{seed: seed} }

// Add injects a fault and returns its id.
func (r *Rules[F]) Add(f F, now time.Time) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.next++
	a := &armed[F]{fault: f, rule: f.Rule(), id: r.next}
	if a.rule.For > 0 {
		a.until = now.Add(a.rule.For)
	}
	r.armed = append(r.armed, a)
	return a.id
}

// List gives the faults with their counters.
func (r *Rules[F]) List() []F {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := []F{}
	for _, a := range r.armed {
		out = append(out, a.fault.Counted(a.id, a.matched, a.fired))
	}
	return out
}

// Clear removes the faults with these ids, or all.
func (r *Rules[F]) Clear(ids ...int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.armed = slices.DeleteFunc(r.armed, func(a *armed[F]) bool { return len(ids) == 0 || slices.Contains(ids, a.id) })
}

// Strike finds the first fault that strikes this call (or event, when its name begins with
// event:), and counts. until is its end, zero for none.
func (r *Rules[F]) Strike(name, channel string, now time.Time) (f F, until time.Time, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range r.armed {
		if !a.rule.matches(name, channel) || !a.until.IsZero() && !now.Before(a.until) {
			continue
		}
		a.matched++
		if a.matched <= a.rule.Skip || a.rule.Times > 0 && a.fired >= a.rule.Times || !r.dice(a) {
			continue
		}
		a.fired++
		return a.fault.Counted(a.id, a.matched, a.fired), a.until, true
	}
	return f, until, false
}

func (r Rule) matches(name, channel string) bool {
	if r.Channel != "" && r.Channel != channel || strings.HasPrefix(name, "event:") != strings.HasPrefix(r.Method, "event:") {
		return false
	}
	ok, err := path.Match(r.Method, name)
	return err == nil && ok
}

// dice decides the n-th match of a rule from the seed alone, whatever else happens.
func (r *Rules[F]) dice(a *armed[F]) bool {
	if a.rule.Chance <= 0 || a.rule.Chance >= 1 {
		return true
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%d/%d/%d", r.seed, a.id, a.matched))
	return float64(binary.BigEndian.Uint64(sum[:])>>11)/float64(1<<53) < a.rule.Chance
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
