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
	"parley/bot/web/records"
	"parley/bridge"
	"parley/cmd/parley/backup"
	"parley/cmd/parley/inspect"
	"parley/store"
	"parley/store/blob"
	"parley/store/erase"
	"parley/store/logbook"
)

// Operations are what the pages about backups, erasures and checks need from the running process.
type Operations struct {
	Backups string       // the folder of the nightly backups; "" if Parley doesn't make them
	Objects blob.Objects // the object store of old files; nil means the database has all of them

	// AskChats makes the stored event by which a contact's posts are removed from Slack and Teams, as in
	// erase.Options. It is nil if they stay there.
	AskChats func(name string, conversation store.ConversationID, posts []erase.Post) store.NewEvent

	// Examine checks database, credentials, mailboxes and chats, as parley doctor does; nil if it can't be done here.
	Examine func(ctx context.Context) (inspect.Report, error)

	// AgreeErasures brings the list of erasures that is kept in a file in line with the database; nil if there is
	// no file.
	AgreeErasures func(ctx context.Context) error

	// ExportContact writes the zip of contacts; nil if it can't be made here.
	ExportContact func(ctx context.Context, contacts []store.ContactID, w io.Writer) error
}

// recordsDesk implements records.Desk, for the pages on which admins see what was done (the log), what stands still
// and how healthy Parley is, and on which they erase customers. Its methods are in this file and in stuck.go.
type recordsDesk struct{ o Options }

// Log implements the log of records.Desk.
func (d *recordsDesk) Log(ctx context.Context, viewer store.AgentID, f records.LogFilter, after string, size int) (records.LogPage, error) {
	filter := logbook.Filter{
		Agent:        f.Agent,
		What:         f.What,
		Account:      f.Account,
		Conversation: f.Conversation,
		From:         f.From,
		Until:        f.Until,
	}

	page, err := logbook.Read(ctx, d.o.Pool, filter, parsePlace(after), size)
	if err != nil {
		return records.LogPage{}, err
	}

	readable, err := d.readableIn(ctx, viewer, page.Rows)
	if err != nil {
		return records.LogPage{}, err
	}

	shown := records.LogPage{Seen: page.Next.At}
	if page.More {
		shown.Next = fmt.Sprintf("%d.%d.%d", page.Next.At.UnixMicro(), page.Next.Source, page.Next.ID)
	}

	for _, r := range page.Rows {
		row := records.LogRow{At: r.At, Conversation: r.Conversation, Account: r.Account, By: r.By, What: r.What, Text: r.Text}
		isOfConversation := r.Conversation != 0
		if isOfConversation && !readable[r.Conversation] {
			row.Text, row.Closed = "", true
		}
		shown.Rows = append(shown.Rows, row)
	}

	return shown, nil
}

// readableIn returns those conversations in rows of the log that an agent may read. What a row says of another one, such as a note
// or a new subject, is not for the agent.
func (d *recordsDesk) readableIn(ctx context.Context, viewer store.AgentID, rows []logbook.Row) (map[store.ConversationID]bool, error) {
	named := map[store.ConversationID]bool{}
	for _, r := range rows {
		if r.Conversation != 0 {
			named[r.Conversation] = true
		}
	}

	list, err := d.o.readable(ctx, viewer, slices.Collect(maps.Keys(named)))
	if err != nil {
		return nil, err
	}

	readable := make(map[store.ConversationID]bool, len(list))
	for _, id := range list {
		readable[id] = true
	}

	return readable, nil
}

// parsePlace reads the place at which a page of the log begins: "MICROSECONDS.SOURCE.ID". Any other text means the beginning.
func parsePlace(text string) logbook.Place {
	var numbers []int64
	for part := range strings.SplitSeq(text, ".") {
		n, err := strconv.ParseInt(part, 10, 64)
		if err != nil {
			return logbook.Place{}
		}
		numbers = append(numbers, n)
	}

	const parts = 3
	if len(numbers) != parts {
		return logbook.Place{}
	}

	source := numbers[1]
	if source < int64(logbook.OfSetup) || source > int64(logbook.OfConversation) {
		return logbook.Place{}
	}

	return logbook.Place{At: time.UnixMicro(numbers[0]), Source: logbook.Source(source), ID: numbers[2]}
}

// LogNames implements the log of records.Desk.
func (d *recordsDesk) LogNames(ctx context.Context) (n records.LogNames, err error) {
	names, err := logbook.FilterNames(ctx, d.o.Pool)
	if err != nil {
		return n, err
	}
	for _, a := range names.Agents {
		n.Agents = append(n.Agents, web.Choice{Value: strconv.FormatInt(a.ID, 10), Text: a.Name})
	}
	n.Accounts = names.Accounts
	n.Deeds = append(n.Deeds, logbook.SetUp)
	for _, deed := range store.Deeds() {
		n.Deeds = append(n.Deeds, string(deed))
	}
	return n, nil
}

func (d *recordsDesk) FindContacts(ctx context.Context, viewer store.AgentID, text string) ([]records.Contact, error) {
	found, err := erase.FindContacts(ctx, d.o.Pool, text)
	if err != nil {
		return nil, err
	}

	isClosed, err := d.o.closedAccounts(ctx, viewer)
	if err != nil {
		return nil, err
	}

	text = strings.TrimSpace(text)
	list := make([]records.Contact, len(found))
	for i, c := range found {
		shown := records.Contact{ID: c.ID, Since: c.CreatedAt, Conversations: c.Conversations}
		for j, address := range c.Addresses {
			if isClosed(c.Accounts[j]) {
				shown.Closed = true
				continue
			}
			shown.Name = c.Name
			shown.Addresses = append(shown.Addresses, address)
		}

		isFoundByID := strings.TrimPrefix(text, erase.IDPrefix) == strconv.FormatInt(int64(c.ID), 10)
		if len(shown.Addresses) == 0 && !isFoundByID {
			shown.Addresses = []string{text}
		}
		list[i] = shown
	}

	return list, nil
}

func (d *recordsDesk) CountContact(ctx context.Context, id store.ContactID) ([]records.Place, error) {
	found, err := erase.Count(ctx, d.o.Pool, []store.ContactID{id})
	if err != nil {
		return nil, err
	}

	list := make([]records.Place, len(found))
	for i, f := range found {
		list[i] = records.Place{What: f.What, How: f.How, Rows: f.Rows}
	}
	return list, nil
}

// eraseOptions returns the options with which contacts are erased here.
func (d *recordsDesk) eraseOptions() erase.Options {
	return erase.Options{
		Pool:        d.o.Pool,
		Sealer:      d.o.Sealer,
		WithObjects: d.o.Operations.Objects != nil,
		Ask:         d.o.Operations.AskChats,
	}
}

func (d *recordsDesk) EraseContact(ctx context.Context, by web.Person, id store.ContactID) (string, error) {
	erasure, err := erase.Begin(ctx, d.eraseOptions(), []store.ContactID{id}, by.Email)
	if errors.Is(err, erase.ErrNoContact) {
		return "", records.ErrNone
	}
	if err != nil {
		return "", err
	}
	if err := logChange(ctx, d.o.Pool, by, fmt.Sprintf("- contact %d is erased (erasure %s)", id, erasure)); err != nil {
		return "", err
	}
	return erasure, d.GoOnErasing(ctx, erasure)
}

func (d *recordsDesk) GoOnErasing(ctx context.Context, erasure string) error {
	_, err := erase.Run(ctx, d.eraseOptions(), erasure)
	switch {
	case errors.Is(err, erase.ErrWaiting), errors.Is(err, erase.ErrBusy):
		return records.ErrWaiting
	case errors.Is(err, erase.ErrInChats):
		return records.ErrInChats
	case errors.Is(err, erase.ErrNoErasure):
		return records.ErrNone
	case err != nil:
		return err
	case d.o.Operations.AgreeErasures == nil:
		return nil
	}
	return d.o.Operations.AgreeErasures(ctx)
}

func (d *recordsDesk) Erasures(ctx context.Context) ([]records.Erasure, error) {
	const shown = 100
	found, err := erase.List(ctx, d.o.Pool, shown)
	if err != nil {
		return nil, err
	}

	list := make([]records.Erasure, len(found))
	for i, e := range found {
		list[i] = records.Erasure{ID: e.ID, By: e.By, At: e.AskedAt, Done: e.DoneAt != nil, InChats: e.InChats}
	}
	return list, nil
}

func (d *recordsDesk) Certificate(ctx context.Context, erasure string) ([]byte, error) {
	c, err := erase.CertificateOf(ctx, d.o.Pool, erasure)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, records.ErrNone
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

// ExportContact implements records.Desk. The log names the customer by the number alone: it must keep nothing of somebody who is
// erased later.
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

// refuseClosedExport returns a *bridge.Problem if an export of a contact would show something of a conversation that somebody may
// not read. Admins, too, may read only what is open to them.
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

func (d *recordsDesk) Backups(context.Context) (records.Backups, error) {
	dir := d.o.Operations.Backups
	if dir == "" {
		return records.Backups{}, nil
	}
	st, err := backup.ReadStatus(dir)
	if err != nil {
		return records.Backups{}, err
	}
	return records.Backups{
		Ours:    true,
		Folder:  dir,
		Last:    st.LastAt,
		File:    st.LastFile,
		Bytes:   st.LastBytes,
		Tried:   st.VerifiedAt,
		Problem: st.Error,
	}, nil
}

func (d *recordsDesk) Examine(ctx context.Context, viewer store.AgentID) ([]records.Examined, error) {
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

	list := make([]records.Examined, len(report.Sections))
	for i, s := range report.Sections {
		list[i].Name = s.Name
		for _, f := range s.Findings {
			if f.MayNameCustomer && isClosed(s.Account) {
				f.Text, f.Hint = "not open to you", ""
			}
			list[i].Findings = append(list[i].Findings, records.Finding{Level: string(f.Level), What: f.What, Text: f.Text, Hint: f.Hint})
		}
	}

	return list, nil
}
