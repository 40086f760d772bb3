package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// Inbox is the engine's API for Parley's own inbox page, on which agents work when their chat (Slack, Teams) can't be reached. For
// example, Act stores an agent's reply as an event. It is then applied, and shown in the conversation's thread, like a reply from
// the chat.
//
// Its methods check what the agent may read and do. They return a *bridge.Problem, worded for people, if the user isn't an agent or
// isn't allowed to, and bridge.ErrNoConversation if a conversation doesn't exist.
type Inbox struct {
	e    *Engine
	desk *Desk // of store.SystemAccount: its users are all agents, and nothing can be posted to it
}

// Inbox returns the Inbox for the inbox page.
func (e *Engine) Inbox() *Inbox { return &Inbox{e, e.Desk(store.SystemAccount)} }

// Stopping returns a channel that is closed when the process is about to end.
func (in *Inbox) Stopping() <-chan struct{} { return in.e.stopping }

// List returns a page of a list, without the conversations that the agent may not read.
func (in *Inbox) List(ctx context.Context, agent store.AgentID, q bridge.ListQuery) (bridge.Listing, error) {
	now, err := store.Now(ctx, in.e.pool)
	if err != nil {
		return bridge.Listing{}, err
	}
	l, err := in.desk.List(ctx, q, PageUser(agent))
	l.Now = now
	return l, err
}

// ListChoices returns the values by which an agent can filter lists.
func (in *Inbox) ListChoices(ctx context.Context, agent store.AgentID) (bridge.ListChoices, error) {
	return in.desk.ListChoices(ctx, PageUser(agent))
}

// Facts returns the facts (status, owners, …) of a conversation.
func (in *Inbox) Facts(ctx context.Context, agent store.AgentID, conversation store.ConversationID) (bridge.Facts, error) {
	return in.desk.Facts(ctx, conversation, PageUser(agent))
}

// Readable returns the conversations, of the given ones, that an agent may read. They are in no order.
func (in *Inbox) Readable(
	ctx context.Context, agent store.AgentID, conversations []store.ConversationID,
) ([]store.ConversationID, error) {
	_, reader, err := in.desk.readerFor(ctx, PageUser(agent))
	if err != nil {
		return nil, err
	}

	rows, err := store.Conversations(ctx, in.e.pool, conversations...)
	if err != nil {
		return nil, err
	}

	var list []store.ConversationID
	for i := range rows {
		if reader.May(&rows[i]) {
			list = append(list, rows[i].ID)
		}
	}
	return list, nil
}

// ClosedAccounts returns the accounts whose customers an agent may not see, because the agent is neither in the account's own chat
// channel nor in its team, or not one of its people.
func (in *Inbox) ClosedAccounts(ctx context.Context, agent store.AgentID) ([]store.AccountID, error) {
	_, reader, err := in.desk.readerFor(ctx, PageUser(agent))
	return append(slices.Clone(reader.Closed), reader.Barred...), err
}

// Zone returns the time zone of an agent; see directory.Zone for the fallbacks.
func (in *Inbox) Zone(agent store.AgentID) *time.Location {
	dir := in.e.directory.Load()
	return dir.Zone(dir.Agent(agent), 0)
}

// Down returns the chats that don't work now, and those of the customers' accounts that an agent may see. A chat counts from the
// first check that it doesn't answer, long before admins are told.
func (in *Inbox) Down(ctx context.Context, agent store.AgentID) ([]bridge.Down, error) {
	failing, err := store.FailingAccounts(ctx, in.e.pool)
	if err != nil || len(failing) == 0 {
		return nil, err
	}
	closed, err := in.ClosedAccounts(ctx, agent)
	if err != nil {
		return nil, err
	}

	dir := in.e.directory.Load()
	var list []bridge.Down
	for _, f := range failing {
		a := dir.Account(f.AccountID)
		switch {
		case a == nil || slices.Contains(closed, a.ID):
		case a.Side == store.SideSurface:
			list = append(list, bridge.Down{Name: in.e.reading.SurfaceName(dir, a.ID), IsChat: true, Since: f.Since})
		default:
			list = append(list, bridge.Down{Name: a.Name})
		}
	}
	return list, nil
}

// History returns a page of a conversation's log, newest entries first.
func (in *Inbox) History(
	ctx context.Context, agent store.AgentID, conversation store.ConversationID, page int,
) (bridge.History, error) {
	return in.desk.History(ctx, conversation, page, PageUser(agent))
}

// Assignable returns the agents and the names of the teams to whom an agent may give a conversation, for pickers.
func (in *Inbox) Assignable(
	ctx context.Context, agent store.AgentID, conversation store.ConversationID,
) ([]bridge.AgentRef, []string, error) {
	return in.desk.Assignable(ctx, conversation, PageUser(agent))
}

// ReadSpoken returns a page of the messages and notes of a conversation, with links to the HTML originals of mails.
func (in *Inbox) ReadSpoken(
	ctx context.Context, agent store.AgentID, conversation store.ConversationID, before bridge.SpokenBefore,
) (bridge.SpokenPage, error) {
	viewer, err := in.desk.readerOf(ctx, conversation, PageUser(agent))
	if err != nil {
		return bridge.SpokenPage{}, err
	}

	rows, err := store.Conversations(ctx, in.e.pool, conversation)
	if err != nil || len(rows) == 0 {
		return bridge.SpokenPage{}, err
	}

	page, err := in.e.reading.ReadSpoken(ctx, in.e.pool, viewer, &rows[0], before)
	for i := range page.List {
		m := &page.List[i]
		if m.HasHTML && in.e.opt.Original != nil {
			m.Original = in.e.opt.Original(m.ID)
		}
	}

	return page, err
}

// File returns a file that a customer sent, or that an agent uploaded to Parley. It returns files.ErrNoFile if there is none.
func (in *Inbox) File(
	ctx context.Context, agent store.AgentID, conversation store.ConversationID, message store.MessageID, index int,
) (channels.File, error) {
	if _, err := in.desk.readerOf(ctx, conversation, PageUser(agent)); err != nil {
		return channels.File{}, err
	}
	return in.e.files.SpokenFile(ctx, conversation, message, index)
}

// Stamp returns a digest of a conversation as an agent sees it. A different digest means that something has changed.
func (in *Inbox) Stamp(ctx context.Context, agent store.AgentID, conversation store.ConversationID) (string, error) {
	if _, err := in.desk.readerOf(ctx, conversation, PageUser(agent)); err != nil {
		return "", err
	}
	return store.ConversationStamp(ctx, in.e.pool, conversation)
}

// ListStamp returns a digest of a page of a list, and of the counts of the lists. A different digest means that something has changed.
func (in *Inbox) ListStamp(l bridge.Listing) string {
	sum := sha256.New()
	fmt.Fprintf(sum, "%v %v;", l.Counts, l.Unread)
	for i := range l.Rows {
		f := &l.Rows[i]
		fmt.Fprintf(sum, "%d %t %s %v %v %q %#v %q ", f.ID, f.Unread, f.Status, f.Assignees, f.LastMessage, f.Subject, f.Contact, f.Team)
		fmt.Fprintf(sum, "%q %v %v;", f.Traits, f.Tags, f.Times)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

const (
	maxActWait      = 2 * time.Second // how long Act waits, so that the next page shows its result
	actPollInterval = maxActWait / 50
)

// Act stores an action of an agent, and waits for at most maxActWait until it is applied. It returns a name for Result, which reports
// the outcome. Submitting the same form again with the same content has no effect: both calls return the same name.
//
// It stores nothing if it returns a *bridge.Problem, bridge.ErrNoConversation or channels.ErrOverloaded.
func (in *Inbox) Act(ctx context.Context, agent store.AgentID, a bridge.Act) (string, error) {
	if err := in.checkAct(ctx, agent, a); err != nil {
		return "", err
	}
	name, event, err := factOfAct(agent, a)
	if err != nil {
		return "", err
	}
	if err := in.e.Accept(ctx, store.SystemAccount, event); err != nil {
		return "", err
	}
	if err := in.waitUntilApplied(ctx, name, a.Args.Conversation); err != nil { // not fatal: it is stored, and will be applied
		in.e.log.Warn("not known whether an act is applied", "conversation_id", a.Args.Conversation, "error", err)
	}

	return name, nil
}

// factOfAct returns the event to be stored for an act, and its name. The name is a hash of the agent, the opened form and its
// content, so that an act is stored once, however often it is submitted.
func factOfAct(agent store.AgentID, a bridge.Act) (string, channels.Fact, error) {
	payload, err := json.Marshal(Fact{
		Kind:         Acted,
		Conversation: a.Args.Conversation,
		Demand:       Demand{Act: &Act{Agent: agent, Act: a}},
	})
	if err != nil {
		return "", channels.Fact{}, fmt.Errorf("engine: act: %w", err)
	}
	sum := sha256.Sum256(payload)
	name := fmt.Sprintf("act:%d:%s", agent, hex.EncodeToString(sum[:16]))
	key := fmt.Sprintf("c%d", a.Args.Conversation)
	if a.Args.Conversation == 0 {
		key = fmt.Sprintf("several:%d", agent)
	}
	return name, channels.Fact{ExternalID: name, OrderKey: key, Payload: payload}, nil
}

// checkAct checks an act before it is stored, so that the page can show a problem at once. Everything is checked again when the act
// is applied.
func (in *Inbox) checkAct(ctx context.Context, agent store.AgentID, a bridge.Act) error {
	if a.Form == "" || !slices.Contains(bridge.Acts(), a.Verb) {
		return &bridge.Problem{Code: bridge.ReasonUnknownVerb, Text: "That can't be done here.", Hint: "Reload the page."}
	}

	if a.Verb == bridge.VerbSeveral {
		if _, _, err := in.desk.readerFor(ctx, PageUser(agent)); err != nil {
			return err
		}
		return in.checkOpened(ctx, a)
	}
	viewer, err := in.desk.readerOf(ctx, a.Args.Conversation, PageUser(agent))
	if err != nil {
		return err
	}
	rows, err := store.Conversations(ctx, in.e.pool, a.Args.Conversation)
	if err != nil {
		return err
	}
	for i := range rows {
		if problem := in.e.reading.Authorize(in.e.directory.Load(), viewer, a.Verb, &rows[i]); problem != nil {
			return problem
		}
	}

	if a.Verb == bridge.VerbReply {
		if err := in.checkOpened(ctx, a); err != nil {
			return err
		}
		if err := in.checkRecipients(ctx, a); err != nil {
			return err
		}
		return in.desk.MayReply(ctx, a.Args.Conversation, PageUser(agent), a.Text, a.Files)
	}
	if in.e.reading.Verbs.Of(a.Verb).NamesMessage {
		return in.checkMessage(ctx, a)
	}
	return nil
}

// checkOpened refuses a reply whose form was opened in the future, by the time that the page submits. Parley asks an author to confirm
// a reply if a colleague has answered since the form was opened; with such a time it never would.
func (in *Inbox) checkOpened(ctx context.Context, a bridge.Act) error {
	if a.OpenedAt.IsZero() {
		return nil
	}
	now, err := store.Now(ctx, in.e.pool)
	if err != nil || !a.OpenedAt.After(now) {
		return err
	}
	return &bridge.Problem{
		Code: "opened_later",
		Text: "Nothing was sent: by its time, the page is from the future.",
		Hint: "Look whether somebody has answered meanwhile, and send it again.",
	}
}

// checkRecipients refuses a reply to people who don't take part in the conversation: the page's form names only those who do.
func (in *Inbox) checkRecipients(ctx context.Context, a bridge.Act) error {
	named := slices.Concat(a.Args.To, a.Args.Cc)
	if len(named) == 0 {
		return nil
	}
	rows, err := store.Conversations(ctx, in.e.pool, a.Args.Conversation)
	if err != nil || len(rows) == 0 {
		return err
	}

	c := rows[0]
	var allowed []string
	for _, p := range c.Participants {
		if !p.New {
			allowed = append(allowed, p.Key)
		}
	}
	if c.IdentityID != nil {
		customer, err := store.Identities(ctx, in.e.pool, []store.IdentityID{*c.IdentityID})
		if err != nil {
			return err
		}
		for _, i := range customer {
			allowed = append(allowed, i.Key)
		}
	}
	for _, address := range named {
		if !slices.Contains(allowed, bridge.AddressKey(address)) {
			return &bridge.Problem{
				Code: "no_participant",
				Text: "Nothing was sent: " + address + " gets no replies in this conversation.",
				Hint: "Look whom the reply goes to now, and send it again.",
			}
		}
	}
	return nil
}

// Attaching returns whether, and how, an agent may attach files to a reply in a conversation.
func (in *Inbox) Attaching(ctx context.Context, agent store.AgentID, conversation store.ConversationID) (bridge.Attaching, error) {
	viewer, err := in.desk.readerOf(ctx, conversation, PageUser(agent))
	if err != nil {
		return bridge.Attaching{}, err
	}
	if problem := in.e.reading.Verbs.Authorize(viewer, bridge.VerbReply); problem != nil {
		return bridge.Attaching{}, problem
	}

	rows, err := store.Conversations(ctx, in.e.pool, conversation)
	if err != nil || len(rows) == 0 {
		return bridge.Attaching{}, err
	}

	dir := in.e.directory.Load()
	account := dir.Account(rows[0].AccountID)
	if account == nil {
		return bridge.Attaching{}, bridge.ErrNoConversation
	}

	caps := in.e.reading.Caps(account.ID)
	return bridge.Attaching{
		Files:    caps.Files.PerMessage > 0,
		Why:      caps.Files.Unavailable,
		Several:  caps.Participants,
		Withheld: withheldBy(account, &rows[0]),
		Confirm:  dir.SettingsOf(account, caps.Threads).ConfirmSend,
	}, nil
}

// withheldBy returns why an account sends nothing to the recipients of a conversation, because of its mode. It returns nil if
// that can't be said before a reply is sent: in a trial, customers of chats may be listed by another of their keys.
func withheldBy(a *store.Account, c *store.Conversation) *bridge.Problem {
	switch a.Mode {
	case store.ModeWatch:
		return &bridge.Problem{Code: bridge.ReasonWatch, Text: "This account only watches: nothing is sent from here.",
			Hint: "An admin can set it live."}
	case store.ModeTrial:
		to, cc := RecipientsOf(c.Participants)
		for _, p := range slices.Concat(to, cc) {
			if strings.Contains(p.Key, "@") && !slices.Contains(a.TrialTo, p.Key) {
				return &bridge.Problem{Code: bridge.ReasonTrial,
					Text: "This account is on trial and " + p.Key + " is not on its list: nothing is sent from here.",
					Hint: "An admin can add the address, or set the account live."}
			}
		}
	case store.ModeLive:
	}
	return nil
}

// StoreFile stores an uploaded file for a later act that contains it; see Desk.StoreFile.
func (in *Inbox) StoreFile(ctx context.Context, r io.Reader, maxBytes int64) (name string, size int64, err error) {
	return in.desk.StoreFile(ctx, r, maxBytes)
}

// checkMessage refuses an act on a message of another conversation.
func (in *Inbox) checkMessage(ctx context.Context, a bridge.Act) error {
	rows, err := store.Messages(ctx, in.e.pool, a.Args.Message)
	if err != nil {
		return err
	}
	if len(rows) == 0 || rows[0].ConversationID != a.Args.Conversation {
		return &bridge.Problem{
			Code: "unknown_message",
			Text: "That message is not in this conversation.",
			Hint: "Reload the page.",
		}
	}
	return nil
}

// waitUntilApplied waits until an act is applied, but at most maxActWait. It also returns nil if the time is up, or ctx ends.
func (in *Inbox) waitUntilApplied(ctx context.Context, name string, conversation store.ConversationID) error {
	timeout := time.NewTimer(maxActWait)
	defer timeout.Stop()
	poll := time.NewTicker(actPollInterval)
	defer poll.Stop()

	for {
		outcome, err := store.ShownOutcomeOf(ctx, in.e.pool, name, conversation)
		if err != nil || !outcome.Waits {
			return err
		}

		select {
		case <-poll.C:
		case <-timeout.C:
			return nil
		case <-ctx.Done():
			return nil
		}
	}
}

// Result returns the outcome of an agent's act, by the name that Act returned. conversation is 0 for VerbSeveral. It returns the
// zero ActResult for an unknown name.
func (in *Inbox) Result(
	ctx context.Context, agent store.AgentID, conversation store.ConversationID, name string,
) (bridge.ActResult, error) {
	if conversation != 0 {
		if _, err := in.desk.readerOf(ctx, conversation, PageUser(agent)); err != nil {
			return bridge.ActResult{}, err
		}
	} else if !strings.HasPrefix(name, fmt.Sprintf("act:%d:", agent)) { // a colleague's
		return bridge.ActResult{}, nil
	}

	outcome, err := store.ShownOutcomeOf(ctx, in.e.pool, name, conversation)
	if err != nil || !outcome.Known {
		return bridge.ActResult{}, err
	}
	switch {
	case outcome.Stuck:
		return bridge.ActResult{State: bridge.ActStuck}, nil
	case outcome.Waits:
		return bridge.ActResult{State: bridge.ActWaits}, nil
	case outcome.Why != "":
		return bridge.ActResult{State: bridge.ActRefused, Why: outcome.Why}, nil
	}
	done := bridge.ActResult{State: bridge.ActDone}
	if outcome.Line != nil {
		done.Told = &bridge.Line{}
		err = json.Unmarshal(outcome.Line, done.Told)
	}
	return done, err
}
