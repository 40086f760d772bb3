package graphfake

import (
	"fmt"
	"net/http"
	"path"
	"time"

	"parley/channels/emulator"
)

// Action says what a Fault does.
type Action string

// Actions on calls.
const (
	// ActionError answers with Code, Subcode and Status before the call has any effect.
	ActionError Action = "error"
	// ActionStatus answers with Status and a page of HTML before the call has any effect, as a gateway does: 429, 502.
	ActionStatus Action = "status"
	// ActionStatusAfter does the work and then answers with Status and HTML.
	ActionStatusAfter Action = "status_after"
	// ActionDropBefore hangs up before the call has any effect.
	ActionDropBefore Action = "drop_before"
	// ActionDropAfter does the work and hangs up.
	ActionDropAfter Action = "drop_after"
	// ActionDelay waits Delay first; Delay 0 waits until the faults are cleared.
	ActionDelay Action = "delay"
	// ActionDelayAfter does the work, then waits like ActionDelay before answering.
	ActionDelayAfter Action = "delay_after"
	// ActionTruncate does the work and answers half of the JSON.
	ActionTruncate Action = "truncate"
	// ActionHookFirst does the work and waits until all webhooks were taken before it
	// answers: the status overtakes the answer.
	ActionHookFirst Action = "hook_first"
)

// Actions on webhooks; their routes are "hook.…".
const (
	// ActionDrop loses the webhook.
	ActionDrop Action = "drop"
	// ActionDuplicate sends it twice.
	ActionDuplicate Action = "duplicate"
	// ActionSwap sends it after the next one.
	ActionSwap Action = "swap"
	// ActionBadSignature signs it with another secret, the first time.
	ActionBadSignature Action = "bad_signature"
)

// Forever in Fault.Times keeps a fault until the faults are cleared.
const Forever = emulator.Forever

// Fault is one thing that goes wrong, as it does at Meta now and then. It counts the calls or webhooks that match Route, and strikes from
// the Nth on, Times times. With a Probability it strikes each of those by chance, drawn from Options.Seed.
type Fault struct {
	ID          string  `json:"id,omitempty"` // given by AddFault when empty
	Route       string  `json:"route"`        // as path.Match: "whatsapp.messages", "hook.*"; "" means every call
	Action      Action  `json:"action"`
	Nth         int     `json:"nth,omitempty"`         // counted from 1; 0 means 1
	Times       int     `json:"times,omitempty"`       // 0 means once; Forever
	Probability float64 `json:"probability,omitempty"` // in (0,1); 0 means that it strikes always

	// What the actions say of them.
	Status     int           `json:"status,omitempty"` // of HTTP; 0 means 400 for ActionError, else 502
	Code       int           `json:"code,omitempty"`
	Subcode    int           `json:"subcode,omitempty"`
	Text       string        `json:"text,omitempty"`
	Delay      time.Duration `json:"delay,omitempty"`       // Units: nanoseconds in JSON
	RetryAfter time.Duration `json:"retry_after,omitempty"` // Units: nanoseconds in JSON, seconds in the header of that name
}

// FaultState is a Fault and how often it matched and struck.
type FaultState struct {
	Fault
	Seen  int `json:"seen"`
	Fired int `json:"fired"`
}

// faults are the armed faults.
type faults struct{ *emulator.FaultSet[Fault] }

// AddFault arms a fault and returns its id. Errors: an unknown action or a bad pattern.
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

// Faults lists the armed faults, spent ones too, with their counts.
func (p *faults) Faults() []FaultState {
	list := []FaultState{}
	for _, f := range p.FaultSet.List() {
		f.Fault.ID = f.Rule.ID
		list = append(list, FaultState{Fault: f.Fault, Seen: f.Seen, Fired: f.Fired})
	}
	return list
}

// FaultRoutes serves the faults to other processes: GET lists, POST arms a Fault and answers its id, or 400 if there is none of
// that kind, DELETE [?id=] disarms one or all.
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

// hits are the faults that strike one call.
type hits struct{ emulator.FaultHits[Fault] }

// find returns the fault of an action; false if none strikes.
func (h hits) find(a Action) (Fault, bool) {
	return h.Find(func(f Fault) bool { return f.Action == a })
}

// has reports whether a fault of an action strikes.
func (h hits) has(a Action) bool {
	_, ok := h.find(a)
	return ok
}

// strike counts a call against every armed fault and returns those that fire.
func (p *faults) strike(route string) hits {
	return hits{p.FaultSet.Strike(func(f Fault) bool {
		ok, _ := path.Match(f.Route, route) // AddFault has checked the pattern
		return ok || f.Route == ""
	})}
}
