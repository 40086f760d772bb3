package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// This file sends what was said in a conversation to somebody else by mail. The mail begins a conversation of its own with the recipient,
// so that it leaves, fails and is answered like any other; the customer's conversation only has a line about it.

func emailVerb() useCase {
	return useCase{Rules: Rules{Name: bridge.VerbEmail, Deed: store.DeedEmailed}, DoInTx: (*work).sendByEmail}
}

const maxEmailed = 500 // messages of one mail

func (w *work) sendByEmail(ctx context.Context, tx pgx.Tx, r Request) error {
	if r.Origin != bridge.OriginForm { // what leaves is looked at first
		w.Whisper(r, bridge.Line{
			Content: &bridge.RefusedLine{Why: bridge.InWords("Nothing was sent yet."), Hint: "Say in the form what is to leave."},
			Verb:    r.Verb,
			Verbs:   []bridge.Verb{r.Verb},
			Args:    bridge.Args{Conversation: r.Conversation.ID, Addresses: r.Args.Addresses, StartArgs: r.Args.StartArgs},
		})
		return nil
	}
	if w.StartedByForm(r) != nil {
		return nil
	}
	recipients, problem := w.emailRecipients(r)
	if problem != nil {
		refuseFor(w, r, problem)
		return nil
	}
	messages, err := emailed(ctx, tx, r)
	if err != nil {
		return err
	}
	if len(messages) == 0 {
		w.Refuse(r, "no_message", "There is nothing to send: no message that has left or come was chosen.",
			"Notes only leave if the form says so.")
		return nil
	}
	authors, err := w.authorsOf(ctx, tx, r, messages)
	if err != nil {
		return err
	}

	w.Log.Did(r, Detail{Text: strings.Join(r.Args.Addresses, ", ")})
	files, left := emailedFiles(messages, recipients[0].Caps)
	c, err := w.beginMail(ctx, tx, r, recipients, emailText(r.Text, messages, authors, left), files)
	if c == nil {
		return err
	}
	told := &bridge.EmailedLine{Messages: len(messages)}
	for i := range messages {
		told.Notes = told.Notes || messages[i].Direction == store.DirectionNote
	}
	w.Line(r.Conversation, bridge.Line{
		Content: told,
		Verb:    r.Verb,
		By:      w.Dir.Ref(r.Surface, r.Agent.ID),
		Args:    bridge.Args{Conversation: r.Conversation.ID, Addresses: r.Args.Addresses},
		Other:   w.Refer(c, r.Surface),
	})
	return nil
}

// beginMail begins a conversation with others than the customer by a mail about the request's conversation. c is nil after an error.
func (w *work) beginMail(
	ctx context.Context, tx pgx.Tx, r Request, recipients []Starting, text string, files []store.FileRef,
) (c *Conversation, err error) {
	first := recipients[0]
	customer := w.People.Admit(first.Account.ID, first.Party, channels.Party{})
	if customer == nil {
		return nil, w.Err
	}
	c, err = w.MakeConversation(ctx, tx, first.Account, channels.Inbound{From: first.Party, Subject: r.Args.Subject}, nil)
	if err != nil {
		return nil, err
	}
	c.TeamID, c.Assignees, c.CardIsUrgent = r.Conversation.TeamID, []store.AgentID{r.Agent.ID}, true
	c.Visibility = r.Conversation.Visibility
	c.SetTrait(bridge.TraitSentFrom, fmt.Sprint(r.Conversation.ID))
	for _, s := range recipients {
		c.Participants = append(c.Participants, startedWith(s.Party, customer, nil))
	}
	w.Log.ByAgent(c, r.Agent, store.DeedStarted, nil)
	begin := r.About(c)
	begin.Text = text
	if err := w.sayFirstWords(begin, nil, r.Args.Subject, files...); err != nil {
		return nil, err
	}
	return c, nil
}

// emailRecipients returns the recipients of a request, all reached by one mailbox: that of the conversation, or one that the agent may
// use. What an account with people of its own received leaves by that account alone.
func (w *work) emailRecipients(r Request) (list []Starting, problem *bridge.Problem) {
	account := ""
	switch own := r.Conversation.Account; {
	case w.Caps(own.ID).Threads:
		account = own.Name
	case len(own.People) == 0 && own.SurfaceChannel == "":
		for _, a := range w.Reading.AccountsFor(w.Dir, r.Agent) {
			if a.Starts && a.Can.Threads && account == "" {
				account = a.Name
			}
		}
	}
	if account == "" {
		return nil, &bridge.Problem{
			Code: "no_mailbox", Text: "There is no mailbox by which this could leave.", Hint: "An admin sets one up, or gives you access to one.",
		}
	}
	for _, address := range r.Args.Addresses {
		s, problem := w.Reading.Starting(w.Dir, r.Agent, bridge.Start{Account: account, Recipient: address, Subject: r.Args.Subject})
		if problem == nil {
			a := r.Action
			a.Text = r.Args.Subject // there is always some text
			problem = w.startProblem(s, a, false, NotEdited)
		}
		if problem != nil {
			return nil, problem
		}
		list = append(list, s)
	}
	if len(list) == 0 {
		return nil, &bridge.Problem{Code: "no_recipient", Text: "No address was named.", Hint: "Say to whom: !email bob@shop.example"}
	}
	return list, nil
}

// emailed returns the messages of a request, oldest first: what came from the customer and what has left, and notes only if it says so.
func emailed(ctx context.Context, tx pgx.Tx, r Request) (list []store.Message, err error) {
	if len(r.Args.Messages) > 0 {
		list, err = store.Messages(ctx, tx, r.Args.Messages...)
	} else {
		list, err = store.LatestMessages(ctx, tx, []store.ConversationID{r.Conversation.ID}, maxEmailed)
	}
	list = slices.DeleteFunc(list, func(m store.Message) bool {
		isSaid := m.Direction == store.DirectionIn || m.Direction == store.DirectionOut && m.Fate == store.FateOut
		isNote := m.Direction == store.DirectionNote && m.Fate == store.FateInside && m.Reason == bridge.ReasonNote
		isWanted := isSaid || isNote && r.Args.Notes
		return m.ConversationID != r.Conversation.ID || !isWanted || m.IsDeleted() || IsConfidential(&m)
	})
	slices.SortFunc(list, func(a, b store.Message) int { return CompareSaid(&a, &b) })
	return list, err
}

// authorsOf returns who wrote each of the messages, and when, for somebody outside.
func (w *work) authorsOf(ctx context.Context, tx pgx.Tx, r Request, messages []store.Message) (list []string, err error) {
	var ids []store.IdentityID
	for i := range messages {
		if id := messages[i].IdentityID; id != nil {
			ids = append(ids, *id)
		}
	}
	people, err := store.Identities(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	zone := w.Dir.Zone(r.Agent, r.Conversation.AccountID)
	for i := range messages {
		m, author := &messages[i], r.Conversation.Account.Name
		if m.AgentID != nil {
			author = w.Dir.Ref(0, *m.AgentID).Name
		}
		if m.Direction == store.DirectionNote {
			author += " (note)"
		}
		for j := range people {
			if m.IdentityID != nil && people[j].ID == *m.IdentityID {
				author = RefIn(r.Conversation.Conversation, &people[j]).Name
			}
		}
		list = append(list, author+", "+m.SaidAt.In(zone).Format("2 Jan 2006, 15:04"))
	}
	return list, nil
}

// literally returns a text in Markdown that shows it as it is.
func literally(s string) string {
	var b strings.Builder
	for _, r := range strings.Join(strings.Fields(s), " ") {
		if strings.ContainsRune("\\`*_[]<>#|!~&", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// emailText returns the text of the mail. left are the files that it can't carry.
func emailText(words string, messages []store.Message, authors []string, left []string) string {
	var b strings.Builder
	b.WriteString(words)
	for i := range messages {
		b.WriteString("\n\n" + literally(authors[i]) + ":\n")
		for line := range strings.Lines(messages[i].CurrentText()) {
			b.WriteString("\n> " + strings.TrimRight(line, "\n"))
		}
		for _, f := range messages[i].Files {
			b.WriteString("\n\n(" + literally(f.Name) + ")")
		}
	}
	if len(left) > 0 {
		b.WriteString("\n\nNot attached: " + literally(strings.Join(left, ", ")))
	}
	return strings.TrimSpace(b.String())
}

// emailedFiles returns the files of the messages, as many as a mail can carry, and the names of the others.
func emailedFiles(messages []store.Message, caps bridge.Capabilities) (files []store.FileRef, left []string) {
	var size int64
	for i := range messages {
		for _, f := range messages[i].Files {
			isMissing := f.Fetched && f.Blob == ""
			if isMissing || len(files) == caps.Files.PerMessage || size+f.SizeBytes > caps.Files.MaxBytes {
				left = append(left, f.Name)
				continue
			}
			size += f.SizeBytes
			files = append(files, store.FileRef{
				Name: f.Name, ContentType: f.ContentType, SizeBytes: f.SizeBytes, Of: messages[i].ID, OfIndex: f.Index,
				Missing: fmt.Sprintf("as in #%d", messages[i].ConversationID),
			})
		}
	}
	return files, left
}
