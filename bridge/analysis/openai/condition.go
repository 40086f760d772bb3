package openai

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"parley/bridge/analysis"
)

// Some failures go away by themselves, others need a person: a wrong API key, for example, or a wrong model name.
// This file remembers the last one that needs a person, logs it once, and describes it for admins together with a hint
// on how to fix it.

// uselessToBreak is the number of answers in a row, invalid or cut off at their token limit, after which a model counts as
// unsuitable.
const uselessToBreak = 10

// health remembers the current problem that admins have to solve. A success, or another sign that the server works,
// clears it. It is safe for concurrent use.
type health struct {
	log     *slog.Logger
	breaker *breaker
	model   string

	mu      sync.Mutex
	problem Kind // the current problem; "" if there is none
	useless int  // invalid answers, and answers that were cut off, in a row
}

// learn records the outcome of a call; e is nil if it returned a valid answer. It logs when a problem begins or ends.
func (h *health) learn(e *Error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	before := h.problem

	switch {
	case e == nil:
		h.problem, h.useless = "", 0
	case e.isUseless():
		h.useless++
		if h.useless >= uselessToBreak {
			h.problem = e.Kind
		}
	case e.needsPerson():
		h.problem = e.Kind
	case hasServerAnswered(e) && h.useless < uselessToBreak:
		h.problem = ""
	}

	if h.problem == before {
		return
	}
	if h.problem == "" {
		h.log.Info("the model answers again", "model", h.model)
		return
	}

	h.log.Error("the model can't be used until somebody looks at it", "model", h.model, "kind", string(h.problem), "error", e)
}

// Condition reports whether the model can be used, and if not, why and what an admin can do. It makes no request.
func (a *Analyzer) Condition() analysis.Condition {
	h := a.health
	h.mu.Lock()
	problem := h.problem
	h.mu.Unlock()

	if problem != "" {
		text, hint := adviceFor(problem, a.options.Model)
		return analysis.Condition{Status: analysis.Broken, Text: text, Hint: hint}
	}

	isStopped, until, last := h.breaker.readState()
	switch {
	case !isStopped:
		return analysis.Condition{Status: analysis.Working}
	case last == BadRequest:
		text, hint := adviceFor(last, a.options.Model)
		return analysis.Condition{Status: analysis.Broken, Text: text, Hint: hint}
	}

	hint := fmt.Sprintf("Nothing has to be done if this passes: Parley asks again at %s UTC. "+
		"If it stays, look whether the server runs and can be reached from here.", until.UTC().Format("15:04:05"))
	return analysis.Condition{Status: analysis.Waiting, Text: waitingReason(last), Hint: hint}
}

// Probe checks the connection to the model with a made-up question of about 1,000 tokens. It bypasses the breaker, so
// it can be used right after the settings were corrected.
func (a *Analyzer) Probe(ctx context.Context) analysis.Condition {
	ctx, cancel := a.withDeadline(ctx, a.options.Timeout)
	defer cancel()
	_, fault := a.answer(ctx, analysis.Question{Burst: []analysis.Message{{Text: "Hello, is there anybody?"}}})
	if fault == nil {
		return analysis.Condition{Status: analysis.Working}
	}
	if fault.Kind == Refused { // the server works, although the model didn't answer this question
		return analysis.Condition{Status: analysis.Working}
	}

	isUnsuitable := fault.isUseless() || fault.Kind == BadRequest
	if isUnsuitable || fault.needsPerson() {
		text, hint := adviceFor(fault.Kind, a.options.Model)
		return analysis.Condition{Status: analysis.Broken, Text: text, Hint: hint}
	}

	return analysis.Condition{Status: analysis.Waiting, Text: waitingReason(fault.Kind),
		Hint: "It may pass. If it stays, look whether the server runs and can be reached from here."}
}

// waitingReason describes a failure that may go away by itself.
func waitingReason(k Kind) string {
	switch k {
	case Throttled:
		return "The model's server gets more requests than it allows, and asks to wait."
	case TimedOut:
		return "The model's server didn't answer in time."
	case Unreachable:
		return "The model's server can't be reached."
	case Server:
		return "The model's server answers with errors of its own."
	default:
		return "The model's server gave no usable answer several times in a row."
	}
}

// adviceFor describes a failure that needs a person, and what that person can do.
func adviceFor(k Kind, model string) (text, hint string) {
	switch k {
	case Unauthorized:
		return "The model's server doesn't accept the API key (401).",
			"Check the key in the settings. If it was withdrawn, make a new one at the provider."
	case Forbidden:
		return "The model's server refuses this key or place (403).",
			"Check at the provider that the key may use this model, and that requests from here are allowed."
	case NoModel:
		return fmt.Sprintf("The server has no model %q (404).", model), "Check the model's name. A local server must have loaded it first."
	case NotFound:
		return "There are no chat completions at the base URL (404).", "Check the base URL: it usually ends with /v1."
	case NoQuota:
		return "The provider's credit or quota is used up.", "Add credit or raise the quota in the provider's billing settings."
	case Redirected:
		return "The server sends requests to another address, which Parley doesn't follow.", "Enter the address itself as base URL."
	case Invalid:
		return fmt.Sprintf("The model %q gave no valid answer many times in a row.", model),
			"Choose a larger model, or one that can answer by a JSON schema."
	case Truncated:
		return fmt.Sprintf("The model %q used up the %d tokens of an answer before its end, many times in a row.", model, maxAnswerTokens),
			"Choose a model that doesn't reason before it answers, or that reasons less. Each of these answers costs all of its tokens."
	default:
		return "The server refuses Parley's requests as wrong.",
			"Look whether the model can answer chat completions, and whether its context holds 8,000 tokens."
	}
}
