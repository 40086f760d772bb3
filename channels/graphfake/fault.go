package graphfake

import (
	"fmt"
	"net/http"
	"path"
	"time"

	"parley/channels/emulator"
)

// Action is the effect of a Fault.
type Action string

// Actions on calls. "Before" and "after" refer to the effect of the call, such as sending a message.
const (
	// ActionError responds with Code, Subcode and Status, and the call has no effect.
	ActionError Action = "error"
	// ActionStatus responds with Status and HTML, as a gateway does (429, 502), and the call has no effect.
	ActionStatus Action = "status"
	// ActionStatusAfter handles the call, but responds with Status and HTML.
	ActionStatusAfter Action = "status_after"
	// ActionDropBefore closes the connection, and the call has no effect.
	ActionDropBefore Action = "drop_before"
	// ActionDropAfter handles the call, but closes the connection instead of responding.
	ActionDropAfter Action = "drop_after"
	// ActionDelay waits for Delay before it handles the call. A Delay of 0 lasts until the faults are cleared.
	ActionDelay Action = "delay"
	// ActionDelayAfter handles the call, and then waits like ActionDelay before it responds.
	ActionDelayAfter Action = "delay_after"
	// ActionTruncate handles the call, but responds with only half of the JSON.
	ActionTruncate Action = "truncate"
	// ActionHookFirst handles the call, but responds only after all webhooks were delivered. So a client gets the
	// webhook about a message before it knows the message's id.
	ActionHookFirst Action = "hook_first"
)

// Actions on webhooks. Their routes begin with "hook.".
const (
	// ActionDrop loses the webhook.
	ActionDrop Action = "drop"
	// ActionDuplicate sends the webhook twice.
	ActionDuplicate Action = "duplicate"
	// ActionSwap sends the webhook after the next one.
	ActionSwap Action = "swap"
	// ActionBadSignature signs the first attempt with a wrong secret.
	ActionBadSignature Action = "bad_signature"
)

// Forever is a value of Fault.Times: the fault stays until it is removed.
const Forever = emulator.Forever

// Fault is a failure to inject. For example, Fault{Route: "whatsapp.messages", Action: ActionDropAfter, Nth: 2} sends the
// second message but loses the response. A fault counts the calls or webhooks that match Route and applies to those from
// the Nth on, Times times. With a Probability, it applies to each of those at random.
type Fault struct {
	ID          string  `json:"id,omitempty"` // set by AddFault if empty
	Route       string  `json:"route"`        // pattern of path.Match: "whatsapp.messages", "hook.*"; "" means every call
	Action      Action  `json:"action"`
	Nth         int     `json:"nth,omitempty"`         // counted from 1; 0 means 1
	Times       int     `json:"times,omitempty"`       // 0 means once; may be Forever
	Probability float64 `json:"probability,omitempty"` // in (0,1); 0 means always. Options.Seed makes it reproducible

	// Parameters of the actions, see there.
	Status     int           `json:"status,omitempty"` // HTTP status; 0 means 400 for ActionError, otherwise 502
	Code       int           `json:"code,omitempty"`
	Subcode    int           `json:"subcode,omitempty"`
	Text       string        `json:"text,omitempty"`
	Delay      time.Duration `json:"delay,omitempty"`       // nanoseconds in JSON
	RetryAfter time.Duration `json:"retry_after,omitempty"` // nanoseconds in JSON; sent as a header
}

// FaultState is a Fault with its counters.
type FaultState struct {
	Fault
	Seen  int `json:"seen"`  // matching calls so far
	Fired int `json:"fired"` // calls to which it was applied
}

// faults are the active faults.
type faults struct{ *emulator.FaultSet[Fault] }

// AddFault activates a fault and returns its id. Errors: an unknown action or a malformed pattern.
func (p *faults) AddFault(f Fault) (string, error) {
	known := []Action{ActionError, ActionStatus, ActionStatusAfter, ActionDropBefore, ActionDropAfter, ActionDelay,
		ActionDelayAfter, ActionTruncate, ActionHookFirst, ActionDrop, ActionDuplicate, ActionSwap, ActionBadSignature}
	if err := emulator.CheckWord("action", f.Action, known); err != nil {
		return "", fmt.Errorf("graphfake: %w", err)
	}
	if _, err := path.Match(f.Route, ""); err != nil {
		return "", fmt.Errorf("graphfake: fault: route: %w", err)
	}
	return p.FaultSet.Add(f, emulator.FaultRule{ID: f.ID, Nth: f.Nth, Times: f.Times, Probability: f.Probability}), nil
}

// Faults returns all faults, including those that were applied as often as Times allows.
func (p *faults) Faults() []FaultState {
	list := []FaultState{}
	for _, f := range p.FaultSet.List() {
		f.Fault.ID = f.Rule.ID
		list = append(list, FaultState{Fault: f.Fault, Seen: f.Seen, Fired: f.Fired})
	}
	return list
}

// FaultRoutes lets other processes manage faults over HTTP: GET lists them, POST adds one and returns its id, and DELETE
// removes the one with the query parameter id, or all.
func (p *faults) FaultRoutes(mux *http.ServeMux, at string) {
	mux.HandleFunc("GET "+at, func(w http.ResponseWriter, _ *http.Request) { emulator.WriteJSON(w, http.StatusOK, p.Faults()) })
	mux.HandleFunc("POST "+at, func(w http.ResponseWriter, r *http.Request) {
		var f Fault
		if !emulator.DecodeJSON(w, r, &f) {
			return
		}
		id, err := p.AddFault(f)
		if err != nil {
			emulator.WriteJSON(w, http.StatusBadRequest, map[string]any{"ok": false, "error": err.Error()})
			return
		}
		emulator.WriteResult(w, map[string]any{"id": id}, nil)
	})
	mux.HandleFunc("DELETE "+at, func(w http.ResponseWriter, r *http.Request) {
		if id := r.URL.Query().Get("id"); id != "" {
			p.RemoveFault(id)
		} else {
			p.ClearFaults()
		}
		emulator.WriteResult(w, nil, nil)
	})
}

// hits are the faults that apply to one call.
type hits struct{ emulator.FaultHits[Fault] }

// find returns the fault with an action; false if there is none.
func (h hits) find(a Action) (Fault, bool) {
	return h.Find(func(f Fault) bool { return f.Action == a })
}

func (h hits) has(a Action) bool {
	_, ok := h.find(a)
	return ok
}

// strike counts a call for every matching fault and returns those that apply to it.
func (p *faults) strike(route string) hits {
	return hits{p.FaultSet.Strike(func(f Fault) bool {
		ok, _ := path.Match(f.Route, route) // AddFault has checked the pattern
		return ok || f.Route == ""
	})}
}
