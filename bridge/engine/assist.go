package engine

import (
	"cmp"
	"slices"
	"strconv"
	"unicode/utf8"

	"parley/bridge"
	"parley/bridge/analysis"
)

// Problem and hint shown where the analysis of one conversation is switched off.
const (
	switchedOff = "The analysis of this conversation is switched off: nothing of it is sent to a model."
	switchOn    = "Switch it on again: !analysis on"
)

// askForText queues a request for a text, a summary by default, and confirms it to the agent who asked.
func (w *work) askForText(r Request) {
	c, settings := r.Conversation, w.Settings(r.Conversation)
	request := bridge.TextRequest{Task: analysis.Summarise}
	if r.Args.TextRequest != nil {
		request = *r.Args.TextRequest
	}
	if problem := w.problemOf(r, request); problem != nil {
		w.Refuse(r, problem.Code, problem.Text, problem.Hint)
		return
	}

	ask := Ask{
		Task:     request.Task,
		Language: request.Language,
		Style:    request.Style,
		Text:     r.Text,
		Asker:    Asker{Agent: r.Agent.ID, Surface: r.Surface, User: r.Actor.ID, Place: r.Place},
	}
	translatesDraft := request.Task == analysis.Translate && r.Text != ""
	isForTeam := request.Task != analysis.Rephrase && !translatesDraft
	if isForTeam {
		ask.Language = cmp.Or(ask.Language, settings.Language)
	}

	w.Requests.Add(c, ask)
	w.Log.Did(r, Detail{Text: string(request.Task)})
	w.Confirm(r, bridge.Line{})
}

// problemOf returns why a request can't be fulfilled; nil if it can.
func (w *work) problemOf(r Request, request bridge.TextRequest) *bridge.Problem {
	off := w.whyOff(r.Conversation)
	switch {
	case off != nil:
		return off
	case !w.Requests.HasWriter():
		return accountIsOff(r.Conversation)
	case utf8.RuneCountInString(r.Text) > analysis.MostDraft:
		return &bridge.Problem{
			Code: "too_long",
			Text: "That text is too long: it may have " + strconv.Itoa(analysis.MostDraft) + " characters.",
			Hint: "Give it in parts.",
		}
	case request.Task == analysis.Rephrase && r.Text == "":
		return &bridge.Problem{
			Code: "no_text",
			Text: "Say which text is meant.",
			Hint: "For example: !ai " + cmp.Or(request.Style, "shorter") + ": We are very sorry that your parcel has not arrived.",
		}
	}
	return nil
}

// whyOff returns why no texts are written about a conversation, if the analysis is switched off; else nil.
func (w *work) whyOff(c *Conversation) *bridge.Problem {
	switch {
	case !w.Settings(c).Analyses:
		return accountIsOff(c)
	case !w.IsAnalysed(c):
		return &bridge.Problem{Code: SwitchedOff, Text: switchedOff, Hint: switchOn}
	}
	return nil
}

// accountIsOff is the problem that nothing of the account of a conversation is analysed.
func accountIsOff(c *Conversation) *bridge.Problem {
	return &bridge.Problem{
		Code: "ai_off",
		Text: "The analysis of " + c.Account.Name + " is switched off: nothing of its conversations is read.",
		Hint: "Admins switch it on in parley.yaml: ai: on",
	}
}

// Written shows a finished text in the thread. If f reports that no text was written, it explains that to the agent who asked;
// to nobody if Parley itself had requested the text.
func (w *work) Written(c *Conversation, f Fact) {
	ask := f.Ask
	if ask == nil {
		return
	}
	if off := w.whyOff(c); off != nil { // it was switched off while the text was being written
		w.tellAskers(c, ask, off)
		return
	}
	if f.Written == nil {
		w.explainFailure(c, ask, f.Class)
		return
	}

	if ask.Task == analysis.Summarise {
		isNews := c.SetTrait(bridge.TraitSummedUp, SummedUpTo(f.CoveredTo))
		byParley := ask.Occasion != ""
		if byParley && !isNews {
			return // there were no messages since the last summary
		}
	}

	changesText := ask.Task == analysis.Translate || ask.Task == analysis.Rephrase
	written := &bridge.WrittenLine{
		Task:        ask.Task,
		Language:    ask.Language,
		Style:       ask.Style,
		Occasion:    string(ask.Occasion),
		Words:       f.Written.Text,
		WrittenBy:   f.Written.By,
		Degraded:    f.Written.Degraded,
		ForCustomer: ask.Text != "" && changesText,
	}
	if ask.Task == analysis.Explain {
		written.Question = ask.Text
	}

	line := bridge.Line{Content: written, Args: bridge.Args{Conversation: c.ID}}
	if ask.Asker.Agent != 0 {
		line.By = w.Dir.Ref(ask.Asker.Surface, ask.Asker.Agent)
	}

	w.Line(c, line)
}

// explainFailure shows the agents who asked for a text why it was not written, and what to do next.
func (w *work) explainFailure(c *Conversation, ask *Ask, class string) {
	text, hint := "The model gave no answer.", "Ask again in a few minutes. If that goes on, an admin finds why in the log."
	switch class {
	case NeedsModel:
		text, hint = taskInWords(ask.Task)+" needs a model.", "An admin sets OPENAI_API_KEY or OPENAI_BASE_URL: see docs/ai.md."
	case LeftOut:
		text, hint = "What the model wrote was left out: it named a link, a number or a person that nobody named here.",
			"Ask again in other words."
	case TooLong:
		text, hint = "What the model wrote was left out: it is too long.", "Ask again, or give your text in parts."
	case NoTokens:
		text, hint = "The tokens are used up that the model may cost this account in a day.",
			"Ask again after midnight (UTC), or let an admin raise ai_tokens_a_day: see docs/ai.md."
	case SwitchedOff:
		text, hint = switchedOff, switchOn
	case NoText:
		text, hint = "There is no text of the customer to work on.", "Give one: !ai translate to German: TEXT"
	}

	w.tellAskers(c, ask, &bridge.Problem{Code: bridge.Reason(class), Text: text, Hint: hint})
}

// tellAskers shows a problem to each agent who asked for a text, once. It does nothing if Parley itself did.
func (w *work) tellAskers(c *Conversation, ask *Ask, problem *bridge.Problem) {
	var told []Asker
	for _, asker := range append([]Asker{ask.Asker}, ask.Others...) {
		isSame := func(other Asker) bool { return other.Surface == asker.Surface && other.User == asker.User }
		if asker == (Asker{}) || slices.ContainsFunc(told, isSame) {
			continue
		}
		told = append(told, asker)
		w.Refuse(Request{Conversation: c, Surface: asker.Surface, Action: bridge.Action{
			Verb:   bridge.VerbAI,
			Origin: bridge.OriginText,
			Actor:  bridge.Actor{ID: asker.User, Kind: bridge.ActorPerson},
			Place:  asker.Place,
		}}, problem.Code, problem.Text, problem.Hint)
	}
}

// taskInWords names a task at the beginning of a sentence.
func taskInWords(t analysis.Task) string {
	switch t {
	case analysis.Translate:
		return "Translating"
	case analysis.Rephrase:
		return "Writing a text in another way"
	case analysis.Explain:
		return "Answering questions about a conversation"
	case analysis.Summarise:
	}
	return "Summing up"
}
