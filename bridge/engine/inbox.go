package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"parley/bridge"
	"parley/bridge/engine/own"
	"parley/channels"
	"parley/store"
	"parley/store/inbox"
)

// Inbox is what Parley's own inbox page may ask of the engine. Agents use the page when no chat can be reached. What they do
// there is journalled as a fact (a stored event) that names the agent. It is applied, and shown in the conversations' threads,
// like what they do in a form of a chat.
type Inbox struct {
	e    *Engine
	desk *Desk // of Parley's own pages: its users are agents, and it has no surface
}

// Inbox returns the Inbox for the inbox page.
func (e *Engine) Inbox() *Inbox { return &Inbox{e, e.Desk(store.SystemAccount)} }

// Stopping is closed when the process is about to end.
func (in *Inbox) Stopping() <-chan struct{} { return in.e.stopping }

// List returns a page of a list, as far as an agent may read it. Errors: *Problem.
func (in *Inbox) List(ctx context.Context, agent store.AgentID, q bridge.ListQuery) (bridge.Listing, error) {
	return in.desk.List(ctx, q, own.PageUser(agent))
}

// Facts returns the facts of a conversation, for an agent. Errors: ErrNoConversation; *Problem.
func (in *Inbox) Facts(ctx context.Context, agent store.AgentID, conversation store.ConversationID) (bridge.Facts, error) {
	return in.desk.Facts(ctx, conversation, own.PageUser(agent))
}

// Readable returns those of some conversations that an agent may read, in no order. Errors: *Problem for whoever isn't an agent.
func (in *Inbox) Readable(
	ctx context.Context, agent store.AgentID, conversations []store.ConversationID,
) ([]store.ConversationID, error) {
	_, reader, err := in.desk.readerFor(ctx, own.PageUser(agent))
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

// ClosedAccounts returns the accounts whose customers an agent may not see: those whose channel the agent can't read and whose team
// the agent isn't in. Errors: *Problem for whoever isn't an agent.
func (in *Inbox) ClosedAccounts(ctx context.Context, agent store.AgentID) ([]store.AccountID, error) {
	_, reader, err := in.desk.readerFor(ctx, own.PageUser(agent))
	return reader.Closed, err
}

// Zone returns the time zone of an agent: the chosen one, else that of the business hours, else that of this machine.
func (in *Inbox) Zone(agent store.AgentID) *time.Location {
	dir := in.e.directory.Load()
	return dir.Zone(dir.Agent(agent), 0)
}

// History returns a page of the log of a conversation, the newest first. Errors: as Facts.
func (in *Inbox) History(
	ctx context.Context, agent store.AgentID, conversation store.ConversationID, page int,
) (bridge.History, error) {
	return in.desk.History(ctx, conversation, page, own.PageUser(agent))
}

// People returns all agents and the names of all teams, for pickers.
func (in *Inbox) People(ctx context.Context) ([]bridge.AgentRef, []string, error) {
	agents, err := in.desk.People(ctx)
	if err != nil {
		return nil, nil, err
	}
	teams, err := in.desk.Teams(ctx)
	return agents, teams, err
}

// ReadSpoken returns a page of what was said in a conversation. Errors: as Facts.
func (in *Inbox) ReadSpoken(
	ctx context.Context, agent store.AgentID, conversation store.ConversationID, before bridge.SpokenBefore,
) (bridge.SpokenPage, error) {
	viewer, err := in.desk.readerOf(ctx, conversation, own.PageUser(agent))
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

// File returns a file that a customer sent, or that an agent uploaded to Parley. Errors: as Facts; files.ErrNoFile.
func (in *Inbox) File(
	ctx context.Context, agent store.AgentID, conversation store.ConversationID, message store.MessageID, index int,
) (channels.File, error) {
	if _, err := in.desk.readerOf(ctx, conversation, own.PageUser(agent)); err != nil {
		return channels.File{}, err
	}
	return in.e.files.SpokenFile(ctx, conversation, message, index)
}

// Stamp returns a digest of a conversation as an agent sees it. A different digest means that something has changed.
// Errors: as Facts.
func (in *Inbox) Stamp(ctx context.Context, agent store.AgentID, conversation store.ConversationID) (string, error) {
	if _, err := in.desk.readerOf(ctx, conversation, own.PageUser(agent)); err != nil {
		return "", err
	}
	return inbox.Stamp(ctx, in.e.pool, conversation)
}

// ListStamp returns a digest of a page of a list. A different digest means that something has changed.
func (in *Inbox) ListStamp(l bridge.Listing) string {
	sum := sha256.New()
	for i := range l.Rows {
		f := &l.Rows[i]
		fmt.Fprintf(sum, "%d %s %v %v %q %q %q ", f.ID, f.Status, f.Assignees, f.LastMessage, f.Subject, f.Contact, f.Team)
		fmt.Fprintf(sum, "%q %v %v;", f.Traits, f.Tags, f.Times)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// maxActWait is how long Act waits until what it stored is applied, so that the page which follows shows it.
const (
	maxActWait      = 2 * time.Second
	actPollInterval = maxActWait / 50
)

// Act stores what an agent asks for, and waits for at most maxActWait until it is applied. It returns the name by which Result
// tells what became of it. An act that is submitted again from the same opened form, with the same words, counts once.
// Errors: *Problem for what the agent may not do, and ErrNoConversation, after which nothing is stored;
// channels.ErrOverloaded; the database's.
func (in *Inbox) Act(ctx context.Context, agent store.AgentID, a bridge.Act) (string, error) {
	if problem := in.mayAct(ctx, agent, a); problem != nil {
		return "", problem
	}
	name, event, err := factOfAct(agent, a)
	if err != nil {
		return "", err
	}
	if err := in.e.Accept(ctx, store.SystemAccount, event); err != nil {
		return "", err
	}
	if err := in.waitUntilApplied(ctx, name, a.Args.Conversation); err != nil { // it is stored nevertheless, and will be applied
		in.e.log.Warn("not known whether an act is applied", "conversation_id", a.Args.Conversation, "error", err)
	}

	return name, nil
}

// factOfAct returns the fact of an act, and its name: a hash of who does what in which opened form, so that it counts once.
func factOfAct(agent store.AgentID, a bridge.Act) (string, channels.Fact, error) {
	payload, err := json.Marshal(own.Fact{
		Kind:         own.Acted,
		Conversation: a.Args.Conversation,
		Demand:       own.Demand{Act: &own.Act{Agent: agent, Act: a}},
	})
	if err != nil {
		return "", channels.Fact{}, fmt.Errorf("engine: act: %w", err)
	}
	sum := sha256.Sum256(payload)
	name := fmt.Sprintf("act:%d:%s", agent, hex.EncodeToString(sum[:16]))
	return name, channels.Fact{ExternalID: name, OrderKey: fmt.Sprintf("c%d", a.Args.Conversation), Payload: payload}, nil
}

// mayAct checks an act before it is stored. All of it is checked again when the act is applied.
func (in *Inbox) mayAct(ctx context.Context, agent store.AgentID, a bridge.Act) error {
	if a.Form == "" || !slices.Contains(bridge.Acts(), a.Verb) {
		return &bridge.Problem{Code: bridge.ReasonUnknownVerb, Text: "That can't be done here.", Hint: "Reload the page."}
	}

	viewer, err := in.desk.readerOf(ctx, a.Args.Conversation, own.PageUser(agent))
	if err != nil {
		return err
	}
	if problem := in.e.reading.Verbs.Authorize(viewer, a.Verb); problem != nil {
		return problem
	}

	if a.Verb == bridge.VerbReply {
		if err := in.checkOpened(ctx, a); err != nil {
			return err
		}
		return in.desk.MayReply(ctx, a.Args.Conversation, own.PageUser(agent), a.Text, a.Files)
	}
	if in.e.reading.Verbs.Of(a.Verb).NamesMessage {
		return in.checkMessage(ctx, a)
	}
	return nil
}

// checkOpened refuses a reply whose page says that it was read in the future: no colleague's answer would ever be later, so that its
// author would never be asked about one.
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

// Attaching says whether an agent may attach files to a reply. Errors: as Facts; *Problem for who may not reply.
func (in *Inbox) Attaching(ctx context.Context, agent store.AgentID, conversation store.ConversationID) (bridge.Attaching, error) {
	viewer, err := in.desk.readerOf(ctx, conversation, own.PageUser(agent))
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
		Files:   caps.Files.PerMessage > 0,
		Why:     caps.Files.Unavailable,
		Several: caps.Participants,
		Confirm: dir.SettingsOf(account, caps.Threads).ConfirmSend,
	}, nil
}

// StoreFile keeps a file for the act that will carry it; see Desk.StoreFile.
func (in *Inbox) StoreFile(ctx context.Context, r io.Reader, maxBytes int64) (name string, size int64, err error) {
	return in.desk.StoreFile(ctx, r, maxBytes)
}

// checkMessage refuses an act on a message that is not in the act's conversation.
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

// waitUntilApplied waits for a moment until an act is applied.
func (in *Inbox) waitUntilApplied(ctx context.Context, name string, conversation store.ConversationID) error {
	end := time.NewTimer(maxActWait)
	defer end.Stop()
	look := time.NewTicker(actPollInterval)
	defer look.Stop()

	for {
		o, err := inbox.OutcomeOf(ctx, in.e.pool, name, conversation)
		if err != nil || !o.Waits {
			return err
		}

		select {
		case <-look.C:
		case <-end.C:
			return nil
		case <-ctx.Done():
			return nil // it is stored, and will be applied
		}
	}
}

// Result returns what became of an act of an agent, by the name that Act gave it. Errors: as Facts.
func (in *Inbox) Result(
	ctx context.Context, agent store.AgentID, conversation store.ConversationID, name string,
) (bridge.ActResult, error) {
	if _, err := in.desk.readerOf(ctx, conversation, own.PageUser(agent)); err != nil {
		return bridge.ActResult{}, err
	}

	o, err := inbox.OutcomeOf(ctx, in.e.pool, name, conversation)
	if err != nil || !o.Known {
		return bridge.ActResult{}, err
	}
	if o.Stuck {
		return bridge.ActResult{State: bridge.ActStuck}, nil
	}
	if o.Waits {
		return bridge.ActResult{State: bridge.ActWaits}, nil
	}
	if o.Why != "" {
		return bridge.ActResult{State: bridge.ActRefused, Why: o.Why}, nil
	}
	return bridge.ActResult{State: bridge.ActDone}, nil
}
