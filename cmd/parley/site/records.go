package site

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bot/web"
	"parley/bot/web/settings"
	"parley/bridge"
	"parley/cmd/parley/operate"
	"parley/store"
	"parley/store/blob"
	"parley/store/erase"
)

// Operations connect the pages about erasures and health checks to the running process.
type Operations struct {
	Objects blob.Objects // object store for old files; nil if the database stores all files

	// AskChats returns the event that makes the engine delete a contact's posts from Slack and Teams when the contact is
	// erased (see erase.Options). nil means that the posts are not deleted.
	AskChats func(name string, conversation store.ConversationID, posts []erase.Post) store.NewEvent

	// Examine checks the database, credentials, mailboxes and chats, like the command parley doctor. It is nil if this
	// process can't do so.
	Examine func(ctx context.Context) (operate.InspectReport, error)

	// AgreeErasures synchronizes the file that lists all erasures with the database, so that they can be repeated after a
	// backup is restored. It is nil if there is no such file.
	AgreeErasures func(ctx context.Context) error

	// ExportContact writes a zip file with everything stored about contacts. It is nil if this process can't do so.
	ExportContact func(ctx context.Context, contacts []store.ContactID, w io.Writer) error
}

// recordsDesk implements records.Desk, the interface through which some of the admin pages reach the rest of Parley. The
// pages show the log, messages that are stuck and the health of the installation. Admins also export and erase the data
// of a customer (a contact) there. The methods about stuck messages are in stuck.go.
//
// Conversations can be restricted to some agents, and this also applies to admins. Methods with a viewer omit what that
// agent may not read: in the log, for example, a row of such a conversation has no text and is marked as Closed.
type recordsDesk struct{ o Options }

// Log returns a page of at most size rows. after is LogPage.Next of the previous page, or "" for the first page.
func (d *recordsDesk) Log(ctx context.Context, viewer store.AgentID, f settings.LogFilter, after string, size int) (settings.LogPage,
	error) {
	filter := store.LogFilter{
		Agent:        f.Agent,
		What:         f.What,
		Account:      f.Account,
		Conversation: f.Conversation,
		From:         f.From,
		Until:        f.Until,
	}

	page, err := store.ReadLog(ctx, d.o.Pool, filter, parsePlace(after), size)
	if err != nil {
		return settings.LogPage{}, err
	}

	readable, err := d.readableIn(ctx, viewer, page.Rows)
	if err != nil {
		return settings.LogPage{}, err
	}

	shown := settings.LogPage{Seen: page.Next.At}
	if page.More {
		shown.Next = fmt.Sprintf("%d.%d.%d", page.Next.At.UnixMicro(), page.Next.Source, page.Next.ID)
	}

	for _, r := range page.Rows {
		row := settings.LogRow{At: r.At, Conversation: r.Conversation, Account: r.Account, By: r.By, What: r.What, Text: r.Text}
		isOfConversation := r.Conversation != 0
		if isOfConversation && !readable[r.Conversation] {
			row.Text, row.Closed = "", true
		}
		shown.Rows = append(shown.Rows, row)
	}

	return shown, nil
}

// readableIn returns which of the conversations in log rows an agent may read. Rows of other conversations may contain text
// that the agent must not see, such as a note or a new subject.
func (d *recordsDesk) readableIn(ctx context.Context, viewer store.AgentID, rows []store.LogRow) (map[store.ConversationID]bool, error) {
	mentioned := map[store.ConversationID]bool{}
	for _, r := range rows {
		if r.Conversation != 0 {
			mentioned[r.Conversation] = true
		}
	}

	list, err := d.o.readable(ctx, viewer, slices.Collect(maps.Keys(mentioned)))
	if err != nil {
		return nil, err
	}

	readable := make(map[store.ConversationID]bool, len(list))
	for _, id := range list {
		readable[id] = true
	}

	return readable, nil
}

// parsePlace parses the position at which a page of the log begins: "MICROSECONDS.SOURCE.ID", as Log formats it. For any
// other text it returns the zero Place, which is the beginning of the log.
func parsePlace(text string) store.LogPlace {
	var numbers []int64
	for part := range strings.SplitSeq(text, ".") {
		n, err := strconv.ParseInt(part, 10, 64)
		if err != nil {
			return store.LogPlace{}
		}
		numbers = append(numbers, n)
	}

	const parts = 3
	if len(numbers) != parts {
		return store.LogPlace{}
	}

	source := numbers[1]
	if source < int64(store.LogOfSetup) || source > int64(store.LogOfConversation) {
		return store.LogPlace{}
	}

	return store.LogPlace{At: time.UnixMicro(numbers[0]), Source: store.LogSource(source), ID: numbers[2]}
}

// LogNames returns the agents, accounts and kinds of actions (deeds) by which the log can be filtered.
func (d *recordsDesk) LogNames(ctx context.Context) (n settings.LogNames, err error) {
	names, err := store.LogFilterNames(ctx, d.o.Pool)
	if err != nil {
		return n, err
	}
	for _, a := range names.Agents {
		n.Agents = append(n.Agents, web.Choice{Value: strconv.FormatInt(a.ID, 10), Text: a.Name})
	}
	n.Accounts = names.Accounts
	n.Deeds = append(n.Deeds, store.LogSetUp)
	for _, deed := range store.Deeds() {
		n.Deeds = append(n.Deeds, string(deed))
	}
	return n, nil
}

// FindContacts returns the contacts that text finds, such as an email address. It omits addresses at accounts whose customers
// viewer may not see. If no address is left, it shows the text that viewer typed, which reveals nothing new.
func (d *recordsDesk) FindContacts(ctx context.Context, viewer store.AgentID, text string) ([]settings.Contact, error) {
	found, err := erase.FindContacts(ctx, d.o.Pool, text, bridge.AddressKey(text))
	if err != nil {
		return nil, err
	}

	isClosed, err := d.o.closedAccounts(ctx, viewer)
	if err != nil {
		return nil, err
	}

	text = strings.TrimSpace(text)
	list := make([]settings.Contact, len(found))
	for i, c := range found {
		shown := showContact(c, isClosed)
		isFoundByID := strings.TrimPrefix(text, erase.IDPrefix) == strconv.FormatInt(int64(c.ID), 10)
		if len(shown.Addresses) == 0 && !isFoundByID {
			shown.Addresses = []string{text}
		}
		list[i] = shown
	}

	return list, nil
}

// showContact returns a contact without the addresses at accounts whose customers the viewer may not see.
func showContact(c erase.Contact, isClosed func(store.AccountID) bool) settings.Contact {
	shown := settings.Contact{ID: c.ID, Since: c.CreatedAt, Conversations: c.Conversations}
	for i, address := range c.Addresses {
		if isClosed(c.Accounts[i]) {
			shown.Closed = true
			continue
		}
		shown.Name = c.Name
		shown.Addresses = append(shown.Addresses, address)
	}
	return shown
}

// FindAlike returns other contacts who may be the same person as one. Of a contact whom viewer may not see at all, it says only
// that there is one.
func (d *recordsDesk) FindAlike(
	ctx context.Context, viewer store.AgentID, id store.ContactID,
) (list []settings.Alike, hasMore bool, err error) {
	found, err := erase.FindAlike(ctx, d.o.Pool, []store.ContactID{id})
	if err != nil {
		return nil, false, err
	}
	isClosed, err := d.o.closedAccounts(ctx, viewer)
	if err != nil {
		return nil, false, err
	}

	list = make([]settings.Alike, len(found))
	for i, a := range found {
		list[i] = settings.Alike{Contact: showContact(a.Contact, isClosed)}
		if len(list[i].Addresses) > 0 {
			list[i].Latest, list[i].Why = a.Latest, a.Why
		}
	}
	return list, len(found) == erase.MaxAlike, nil
}

// CountContact returns how many rows each kind of record has about a contact, and what an erasure does to them.
func (d *recordsDesk) CountContact(ctx context.Context, id store.ContactID) ([]settings.RecordsPlace, error) {
	found, err := erase.Count(ctx, d.o.Pool, []store.ContactID{id})
	if err != nil {
		return nil, err
	}

	list := make([]settings.RecordsPlace, len(found))
	for i, f := range found {
		list[i] = settings.RecordsPlace{What: f.What, How: f.How, Rows: f.Rows}
	}
	return list, nil
}

// eraseOptions returns the options of erasures.
func (d *recordsDesk) eraseOptions() erase.Options {
	return erase.Options{
		Pool:        d.o.Pool,
		Sealer:      d.o.Sealer,
		WithObjects: d.o.Operations.Objects != nil,
		Ask:         d.o.Operations.AskChats,
	}
}

// EraseContacts erases contacts of one person and returns the id of the erasure. If the erasure can't be completed yet, it also returns the
// error of GoOnErasing, with which it is continued.
func (d *recordsDesk) EraseContacts(ctx context.Context, by web.Person, ids []store.ContactID) (string, error) {
	erasure, err := erase.Begin(ctx, d.eraseOptions(), ids, by.Email)
	if errors.Is(err, erase.ErrNoContact) {
		return "", settings.ErrNone
	}
	if err != nil {
		return "", err
	}
	lines := make([]string, len(ids))
	for i, id := range ids {
		lines[i] = fmt.Sprintf("- contact %d is erased (erasure %s)", id, erasure)
	}
	if err := logChange(ctx, d.o.Pool, by, lines...); err != nil {
		return "", err
	}
	return erasure, d.GoOnErasing(ctx, erasure)
}

// GoOnErasing continues an erasure. It returns records.ErrWaiting if the erasure must be continued later, records.ErrInChats if
// posts in Slack or Teams remain, and records.ErrNone if there is no such erasure.
func (d *recordsDesk) GoOnErasing(ctx context.Context, erasure string) error {
	_, err := erase.Run(ctx, d.eraseOptions(), erasure)
	switch {
	case errors.Is(err, erase.ErrWaiting), errors.Is(err, erase.ErrBusy):
		return settings.ErrWaiting
	case errors.Is(err, erase.ErrInChats):
		return settings.ErrInChats
	case errors.Is(err, erase.ErrNoErasure):
		return settings.ErrNone
	case err != nil:
		return err
	case d.o.Operations.AgreeErasures == nil:
		return nil
	}
	return d.o.Operations.AgreeErasures(ctx)
}

// Erasures returns the latest erasures.
func (d *recordsDesk) Erasures(ctx context.Context) ([]settings.Erasure, error) {
	const shown = 100
	found, err := erase.List(ctx, d.o.Pool, shown)
	if err != nil {
		return nil, err
	}

	list := make([]settings.Erasure, len(found))
	for i, e := range found {
		list[i] = settings.Erasure{ID: e.ID, By: e.By, At: e.AskedAt, Done: e.DoneAt != nil, InChats: e.InChats}
	}
	return list, nil
}

// Certificate returns the JSON document that states what an erasure removed, or records.ErrNone if there is none.
func (d *recordsDesk) Certificate(ctx context.Context, erasure string) ([]byte, error) {
	c, err := erase.CertificateOf(ctx, d.o.Pool, erasure)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, settings.ErrNone
	}
	if err != nil {
		return nil, err
	}
	body, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("site: certificate: %w", err)
	}
	return append(body, '\n'), nil
}

// ExportContact writes a zip file with everything stored about a contact. The log identifies the contact only by its number,
// because log entries stay when a contact is erased.
func (d *recordsDesk) ExportContact(ctx context.Context, by web.Person, id store.ContactID, w io.Writer) error {
	if d.o.Operations.ExportContact == nil {
		return errors.New("site: nothing can be exported here")
	}
	if err := d.refuseClosedExport(ctx, by, id); err != nil {
		return err
	}
	if err := logChange(ctx, d.o.Pool, by, fmt.Sprintf("~ contact %d is exported", id)); err != nil {
		return err
	}
	return d.o.Operations.ExportContact(ctx, []store.ContactID{id}, w)
}

// refuseClosedExport returns a *bridge.Problem if the export of a contact would reveal something about a conversation that by
// may not read.
func (d *recordsDesk) refuseClosedExport(ctx context.Context, by web.Person, id store.ContactID) error {
	exported, err := erase.ExportedConversations(ctx, d.o.Pool, id)
	if err != nil {
		return err
	}
	readable, err := d.o.readable(ctx, by.ID, exported)
	if err != nil {
		return err
	}

	for _, conversation := range exported {
		if !slices.Contains(readable, conversation) {
			return &bridge.Problem{
				Code: "not_allowed",
				Text: fmt.Sprintf("The file would show something of conversation #%d, which is not open to you.", conversation),
				Hint: "Ask an admin who is in its channel or its team, or have the file made where Parley runs: parley export-contact",
			}
		}
	}

	return nil
}

// Examine runs the health checks. It hides findings that may name a customer whom viewer may not see.
func (d *recordsDesk) Examine(ctx context.Context, viewer store.AgentID) ([]settings.Examined, error) {
	if d.o.Operations.Examine == nil {
		return nil, errors.New("site: nothing can be examined here")
	}

	report, err := d.o.Operations.Examine(ctx)
	if err != nil {
		return nil, err
	}

	isClosed, err := d.o.closedAccounts(ctx, viewer)
	if err != nil {
		return nil, err
	}

	list := make([]settings.Examined, len(report.Sections))
	for i, s := range report.Sections {
		list[i].Name = s.Name
		for _, f := range s.Findings {
			if f.MayNameCustomer && isClosed(s.Account) {
				f.Text, f.Hint = "not open to you", ""
			}
			list[i].Findings = append(list[i].Findings, settings.Finding{Level: string(f.Level), What: f.What, Text: f.Text, Hint: f.Hint})
		}
	}

	return list, nil
}
