package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/clean"
	"parley/bridge/engine/outbound"
	"parley/bridge/engine/reading"
	"parley/bridge/engine/speech"
	"parley/bridge/engine/template"
	"parley/bridge/engine/verb"
	"parley/channels"
	"parley/store"
)

// An agent may write first, by a form or a command (!new). This file begins the conversation: its thread, which starts with a card
// (the root), a line with the agent's words, and the message to the customer.

func newVerb() useCase {
	return useCase{
		Rules:      verb.Rules{Name: bridge.VerbNew, NoConversation: true, Deed: store.DeedStarted},
		Wants:      (*work).wantStart,
		DoAnywhere: (*work).start,
	}
}

// wantStart adds the customer with whom an action begins a conversation to what the batch reads.
func (w *work) wantStart(n *book.Prefetch, r book.Request) {
	s, problem := w.Reading.Starting(w.Dir, w.Dir.AgentOf(r.Surface, r.Actor.ID), reading.StartOf(r.Action))
	if problem != nil || s.MissingText(r.Action) != nil || len(r.Mentions) > 0 {
		return // nothing is begun, so that nobody becomes a customer
	}
	if s.KnownOnly {
		n.Strangers = append(n.Strangers, book.Stranger{Account: s.Account.ID, Party: s.Party})
		return
	}
	n.AddParty(s.Account.ID, s.Party, channels.Party{})
}

// start begins a conversation with a customer. If a customers' chat, such as WhatsApp, has an open conversation with the customer
// already, it only tells the agent where that one is.
func (w *work) start(ctx context.Context, tx pgx.Tx, r book.Request) error {
	r, earlyEdit := speech.WithEarlyEdit(w.Posts, r)
	if earlyEdit == speech.NothingToApply {
		return nil
	}

	s, used, err := prepareStart(ctx, tx, w, r, earlyEdit)
	if problem, ok := errors.AsType[*bridge.Problem](err); ok {
		w.refuseStart(r, problem)
		return nil
	}
	if err != nil {
		return err
	}
	if used != nil {
		r.Text = used.Use.Words()
	}

	customer := w.customerOf(s)
	if customer == nil { // the account's channel began to work only after wantStart was called
		return w.PutAside(time.Second)
	}

	previous := w.StartedByForm(r)
	if previous == nil && !s.Caps.Threads {
		previous = w.Conversations.LatestOf(customer)
	}
	if previous != nil && previous.BridgeStatus().Open() {
		w.Whisper(r.About(nil), bridge.Line{
			Content:  bridge.LineExists,
			Other:    w.Refer(previous, r.Surface),
			Customer: previous.Customer(),
			Text:     r.Text,
		})
		return nil
	}

	subject := startSubject(s, r.Action)
	c, err := w.intake.MakeConversation(ctx, tx, s.Account, channels.Inbound{From: s.Party, Subject: subject}, previous)
	if err != nil {
		return err
	}
	if previous != nil {
		previous.RefreshCard() // its card leads to the new conversation
	}

	w.Log.Did(r.About(c), nil)
	c.Participants = []store.Participant{{
		Key:     s.Party.Key,
		Address: s.Party.Address,
		Name:    cmp.Or(s.Party.Name, customer.Name),
		Role:    outbound.RoleTo,
	}}
	c.Assignees = []store.AgentID{r.Agent.ID}
	c.CardIsUrgent = true
	return w.sayFirstWords(r.About(c), used, subject)
}

// prepareStart looks up by which account and with whom a conversation begins, and fills in the template that it begins with (used),
// if there is one.
// Errors: *bridge.Problem, if it can't begin; the database's.
func prepareStart(
	ctx context.Context, tx pgx.Tx, w *work, r book.Request, earlyEdit speech.EarlyEdit,
) (s reading.Starting, used *outbound.UsedTemplate, err error) {
	s, problem := w.Reading.Starting(w.Dir, r.Agent, reading.StartOf(r.Action))
	if problem == nil {
		problem = w.startProblem(s, r.Action, earlyEdit)
	}
	if problem != nil {
		return s, nil, problem
	}
	if !r.Args.Template.IsPreviewed() {
		return s, nil, nil
	}
	used, err = startTemplate(ctx, tx, s.Account.ID, r.Args.Template)
	return s, used, err
}

// customerOf returns the customer with whom a conversation is to begin, or nil if the batch hasn't read the customer.
func (w *work) customerOf(s reading.Starting) *store.Identity {
	return w.People.ByAddress[book.NameKey{Account: s.AccountID(), Name: s.Party.Key}]
}

// startProblem returns why a conversation can't begin, or nil if it can. earlyEdit says whether its text was edited before Parley had it.
func (w *work) startProblem(s reading.Starting, a bridge.Action, earlyEdit speech.EarlyEdit) *bridge.Problem {
	if problem := s.MissingText(a); problem != nil {
		return problem
	}
	// This must come before StrangerProblem: wantStart doesn't let the batch read who wrote before if a colleague is mentioned.
	if len(a.Mentions) > 0 {
		return &bridge.Problem{
			Code: "mentions",
			Text: "It mentions a colleague: the customer would read the mention too.",
			Hint: "Type it again without the mention, or send it as it is with the form.",
		}
	}
	if problem := s.StrangerProblem(w.People.WroteBefore(s.Party)); problem != nil {
		return problem
	}
	if earlyEdit == speech.EditedBefore {
		return &bridge.Problem{
			Code: bridge.ReasonEdited,
			Text: "It was edited before I had it: nothing is sent.",
			Hint: "Type it again, if it is for the customer.",
		}
	}

	identity := w.customerOf(s)
	if identity != nil && identity.OptedOut == store.OptedOutAll {
		name := outbound.RefOf(identity).Name
		return &bridge.Problem{
			Code: bridge.ReasonOptedOut,
			Text: name + " doesn't want messages.",
			Hint: outbound.OptedOutHint,
		}
	}

	return nil
}

// refuseStart tells an agent why no conversation begins. In a channel, a button opens the form with what was typed.
func (w *work) refuseStart(r book.Request, problem *bridge.Problem) {
	line := bridge.Line{
		Content: &bridge.RefusedLine{Why: bridge.InWords(problem.Text), Hint: problem.Hint},
		Verb:    bridge.VerbNew,
		Text:    r.Text,
	}
	if r.Agent != nil && r.Place.Channel != "" {
		line.Verbs, line.Args = []bridge.Verb{bridge.VerbNew}, bridge.Args{StartArgs: r.Args.StartArgs}
	}
	w.Whisper(r.About(nil), line)
}

// startTemplate fills in the template that a conversation begins with.
// Errors: *bridge.Problem, if it can't be used; the database's.
func startTemplate(ctx context.Context, tx pgx.Tx, account store.AccountID, args *bridge.TemplateArgs) (*outbound.UsedTemplate, error) {
	rows, err := store.Templates(ctx, tx, args.ID)
	if err != nil {
		return nil, err
	}
	used, problem := template.TemplateFor(account, rows, args)
	if problem != nil {
		return nil, problem
	}
	isForStarts := slices.Contains(rows[0].Uses, bridge.TemplateStart) // TemplateFor found the row
	if !isForStarts {
		return nil, &bridge.Problem{
			Code: "not_for_starts",
			Text: "The template " + used.Name + " is not for the beginning of a conversation.",
			Hint: "Choose another one.",
		}
	}
	return &used, nil
}

// sayFirstWords shows the text with which a conversation begins in its thread, and sends it. used is the template that the text is
// made from, or nil. subject is the one that the customer gets; the conversation's own may be a name that colleagues gave to the
// previous one.
func (w *work) sayFirstWords(r book.Request, used *outbound.UsedTemplate, subject string) error {
	t, err := w.OpenThread(r.Conversation)
	if err != nil {
		return err
	}

	by := w.Dir.Ref(t.AccountID, r.Agent.ID)
	var begun bridge.BegunLine
	line := bridge.Line{
		Content:  &begun,
		Verb:     bridge.VerbNew,
		By:       by,
		Mentions: []bridge.AgentRef{by},
		Verbs:    []bridge.Verb{bridge.VerbUndo},
	}
	var filled json.RawMessage
	if used != nil {
		if filled, err = json.Marshal(used); err != nil {
			return fmt.Errorf("engine: template: %w", err)
		}
		r.Text, begun.Template = used.Use.Words(), used.Name
	}

	m := w.Messages.AddOutsideThread(r) // the line in the new thread stands for it
	m.Subject = subject
	m.Template = filled
	r.Conversation.Subject = cmp.Or(r.Conversation.Subject, clean.Preview(m.Text))
	m.Reason = bridge.ReasonExplicit
	if used != nil {
		m.Reason = bridge.ReasonTemplate
	}

	begun.Count = w.replies.ManyTexts(r.Conversation, m.Text)
	line.Text, line.Args = m.Text, bridge.Args{Conversation: r.Conversation.ID, Message: m.ID}
	w.Posts.RememberForm(r, 0, m)
	w.Line(r.Conversation, line)
	w.replies.SendToCustomer(r, m, cmp.Or(r.TypedOrder(), w.FormOrder()))
	return nil
}

// startSubject returns the subject with which a conversation begins: the one that was given, else the first words of
// the text. It is "" if the channel has no subjects.
func startSubject(s reading.Starting, a bridge.Action) string {
	if !s.Caps.Subject {
		return ""
	}
	return cmp.Or(clean.Preview(a.Args.Subject), subjectFromText(a.Text))
}

// maxSubjectRunes is how much of a text becomes its subject.
const maxSubjectRunes = 60

// subjectFromText returns the first words of a text, as the subject of a mail that was given none.
func subjectFromText(text string) string {
	first, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	first = clean.Preview(first)
	runes := []rune(first)
	if len(runes) <= maxSubjectRunes {
		return strings.TrimRight(first, ".,:; ")
	}
	cut := string(runes[:maxSubjectRunes])
	if at := strings.LastIndexByte(cut, ' '); at > 0 {
		cut = cut[:at]
	}
	return strings.TrimRight(cut, ".,:;!? ") + " …"
}
