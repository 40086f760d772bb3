package engine

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
)

// The company's record of a customer: agents change it, note something on it, and link customers to it whom it doesn't know yet.

func customerVerb() useCase {
	return useCase{Rules: Rules{Name: bridge.VerbCustomer, Deed: store.DeedProfiled}, DoInTx: (*work).changeCustomer}
}

func aboutVerb() useCase {
	return useCase{Rules: Rules{Name: bridge.VerbAbout, Deed: store.DeedProfiled}, DoInTx: (*work).noteCustomer}
}

func linkVerb() useCase {
	return useCase{Rules: Rules{Name: bridge.VerbLink, Deed: store.DeedLinked}, DoInTx: (*work).link}
}

func unlinkVerb() useCase {
	return useCase{Rules: Rules{Name: bridge.VerbUnlink, Deed: store.DeedUnlinked}, DoInTx: (*work).unlink}
}

const (
	maxCustomerRunes = 2000 // of a note, and of a field
	maxCustomerLines = 50
	maxRecords       = 8 // to choose from
)

// ownAddress returns the address by which records know a conversation's customer; "" if there is no single one.
func ownAddress(c *Conversation) string {
	if c.Identity == nil || c.IdentityID == nil || c.Identity.IsErased() {
		return ""
	}
	if _, isFormer := store.PlainKey(c.Identity.Key); isFormer {
		return ""
	}
	return store.AddressOn(c.AccountID, c.Identity.Key)
}

// keepsReaders refuses to change who may read a customer's new conversations, which only admins do, and reports whether it did.
func (w *work) keepsReaders(r Request, changes bool) bool {
	if !changes || r.Agent.IsAdmin() {
		return false
	}
	w.Refuse(r, "not_admin", "Only an admin changes who may read this customer's new conversations.", "Ask an admin.")
	return true
}

func (w *work) refuseNoCustomer(r Request) error {
	w.Refuse(r, "no_customer", "This conversation has no single customer.", "")
	return nil
}

// knownCustomer returns the record that a conversation's customer has; nil if there is none.
func knownCustomer(ctx context.Context, tx pgx.Tx, c *Conversation) (*store.KnownCustomer, error) {
	known, err := store.KnownCustomers(ctx, tx, []store.IdentityID{*c.IdentityID})
	if err != nil || len(known) == 0 {
		return nil, err
	}
	return &known[0], nil
}

// recordOf returns the record of a conversation's customer, locked. It makes one if there is none.
func recordOf(ctx context.Context, tx pgx.Tx, c *Conversation) (*store.Customer, error) {
	known, err := knownCustomer(ctx, tx, c)
	if err != nil {
		return nil, err
	}
	if known != nil {
		return store.LockCustomer(ctx, tx, known.ID)
	}
	record := &store.Customer{}
	if record.ID, err = store.AddCustomer(ctx, tx, *record); err != nil {
		return nil, err
	}
	return record, store.SetAddresses(ctx, tx, store.CustomerAddress{Address: ownAddress(c), RecordID: record.ID})
}

// callCustomer keeps how colleagues call a conversation's customer, for later conversations; "" means by the channel's name.
func (w *work) callCustomer(ctx context.Context, tx pgx.Tx, c *Conversation, name string) error {
	a := store.CustomerAddress{Address: ownAddress(c), Name: name}
	if a.Address == "" {
		return nil
	}
	known, err := knownCustomer(ctx, tx, c)
	switch {
	case err != nil || known == nil && name == "":
		return err
	case known != nil:
		a.RecordID = known.ID
	default:
		if a.RecordID, err = store.AddCustomer(ctx, tx, store.Customer{}); err != nil {
			return err
		}
	}
	return store.SetAddresses(ctx, tx, a)
}

// showRecord shows the name of the customer's record on the conversation's card.
func showRecord(c *Conversation, name string) {
	if c.SetTrait(bridge.TraitRecord, name) {
		c.RefreshCard()
	}
}

// changeCustomer changes a record as lines such as "salesman: ben@acme.test" say. A line without a value empties.
func (w *work) changeCustomer(ctx context.Context, tx pgx.Tx, r Request) error {
	if ownAddress(r.Conversation) == "" {
		return w.refuseNoCustomer(r)
	}
	changes := strings.FieldsFunc(r.Args.Note, func(c rune) bool { return c == '\n' || c == '\r' })
	record := &store.Customer{} // tried before there is one
	for _, line := range changes {
		if problem := w.changeBy(record, line); problem != nil {
			w.Refuse(r, problem.Code, problem.Text, problem.Hint)
			return nil
		}
	}
	if len(changes) == 0 || len(changes) > maxCustomerLines {
		w.Refuse(r, "bad_field", "A customer has 1 to 50 fields.", "For example: !customer salesman: ben@acme.test")
		return nil
	}

	record, err := recordOf(ctx, tx, r.Conversation)
	if err != nil || record == nil {
		return err
	}
	if r.Args.Remove {
		record.Fields = nil
	}
	readers := slices.Clone(record.VisibleTo)
	for _, line := range changes {
		_ = w.changeBy(record, line)
	}
	if !slices.Equal(readers, record.VisibleTo) && w.keepsReaders(r, true) {
		return nil
	}
	if err := store.SaveCustomer(ctx, tx, *record); err != nil {
		return err
	}
	w.Log.Did(r, Detail{})
	showRecord(r.Conversation, record.Name)
	w.Confirm(r, bridge.Line{Args: bridge.Args{Conversation: r.Conversation.ID}})
	return nil
}

// changeBy changes a record by one line.
func (w *work) changeBy(record *store.Customer, line string) *bridge.Problem {
	name, value, ok := strings.Cut(line, ":")
	name, value = strings.TrimSpace(name), strings.Join(strings.Fields(value), " ")
	if !ok || name == "" || utf8.RuneCountInString(line) > maxCustomerRunes {
		return &bridge.Problem{
			Code: "bad_field", Text: "A line has a name and a value, with a colon between.", Hint: "For example: salesman: ben@acme.test",
		}
	}
	key := strings.ToLower(name)
	isKnown, problem := bridge.SetRecordValue(record, key, value)
	switch {
	case problem != nil:
		return problem
	case isKnown && key == bridge.RecordVisible:
		_, problem = w.visibleByRecord(record.VisibleTo, 0, 0)
		return problem
	case isKnown && key == bridge.RecordSalesman:
		return w.unknownAgent(bridge.RecordValue(*record, key))
	case isKnown && key == bridge.RecordAssignees:
		return w.unknownAgent(record.Assignees...)
	case isKnown:
		return nil
	}
	if record.Fields == nil {
		record.Fields = map[string]string{}
	}
	record.Fields[name] = value
	if value == "" {
		delete(record.Fields, name)
	}
	return nil
}

func (w *work) unknownAgent(emails ...string) *bridge.Problem {
	for _, email := range emails {
		if email == "" {
			continue
		}
		if a := w.Dir.AgentByEmail(bridge.AddressKey(email)); a == nil || !a.Active {
			return &bridge.Problem{Code: "unknown_agent", Text: "No agent has the address " + email + ".", Hint: "Write it as ben@acme.test."}
		}
	}
	return nil
}

// noteCustomer adds a note to the customer's profile.
func (w *work) noteCustomer(ctx context.Context, tx pgx.Tx, r Request) error {
	text := strings.TrimSpace(r.Args.Note)
	if ownAddress(r.Conversation) == "" {
		return w.refuseNoCustomer(r)
	}
	if text == "" || utf8.RuneCountInString(text) > maxCustomerRunes {
		w.Refuse(r, "bad_note", "A note on a customer has 1 to 2000 letters.", "For example: !about pays by invoice")
		return nil
	}
	record, err := recordOf(ctx, tx, r.Conversation)
	if err != nil || record == nil {
		return err
	}
	if err := store.AddCustomerNote(ctx, tx, record.ID, store.CustomerNote{AgentID: r.Agent.ID, At: w.Now, Text: text}); err != nil {
		return err
	}
	w.Log.Did(r, Detail{Text: text})
	w.Confirm(r, bridge.Line{Args: bridge.Args{Conversation: r.Conversation.ID}})
	return nil
}

// link links the customer to a record, or shows to which ones it may be linked: never does it choose one itself.
func (w *work) link(ctx context.Context, tx pgx.Tx, r Request) error {
	c := r.Conversation
	a := store.CustomerAddress{Address: ownAddress(c), RecordID: r.Args.Record}
	if a.Address == "" {
		return w.refuseNoCustomer(r)
	}
	if r.Args.Record == 0 {
		return w.offerRecords(ctx, tx, r)
	}
	record, err := store.LockCustomer(ctx, tx, r.Args.Record)
	if err != nil {
		return err
	}
	known, err := knownCustomer(ctx, tx, c)
	switch {
	case err != nil:
		return err
	case record == nil:
		w.Refuse(r, "no_record", "This record is gone.", "Search again: !link NAME")
		return nil
	case known != nil && known.ID == record.ID && known.Address == a.Address:
		w.Unchanged(r)
		return nil
	case w.keepsReaders(r, len(record.VisibleTo) > 0 || known != nil && len(known.VisibleTo) > 0):
		return nil
	case known != nil:
		a.Name = known.Called
	}
	if err := store.SetAddresses(ctx, tx, a); err != nil {
		return err
	}
	w.Log.Did(r, Detail{Text: record.Name})
	showRecord(c, record.Name)
	w.Confirm(r, bridge.Line{Args: bridge.Args{Conversation: c.ID, Note: record.Name}})
	return nil
}

// contactsIn finds mail addresses and phone numbers, as in a signature.
var contactsIn = regexp.MustCompile(`[\w.+-]+@[\w-]+(\.[\w-]+)+|\+\d[\d ()/.-]{5,20}\d`) //nolint:gochecknoglobals // never changes

// offerRecords lists the records with the words that were typed or, without words, those with an address or a number that the customer
// named lately, or with the customer's name.
func (w *work) offerRecords(ctx context.Context, tx pgx.Tx, r Request) error {
	words := strings.Join(strings.Fields(r.Args.Note), " ")
	search := words
	var records []store.Customer
	var err error
	if words == "" {
		search = r.Conversation.Customer().Name
		if records, err = store.CustomersAt(ctx, tx, w.namedAddresses(r.Conversation), maxRecords); err != nil {
			return err
		}
	}
	if strings.TrimSpace(search) != "" {
		const first = 0
		found, err := store.FindCustomers(ctx, tx, search, first, maxRecords)
		if err != nil {
			return err
		}
		records = append(records, found...)
	}
	known, err := knownCustomer(ctx, tx, r.Conversation)
	if err != nil {
		return err
	}
	records = slices.DeleteFunc(records, func(record store.Customer) bool { return known != nil && record.ID == known.ID })
	refs, err := RecordRefs(ctx, tx, records)
	if err != nil {
		return err
	}
	w.Whisper(r, bridge.Line{
		Content: &bridge.RecordsLine{Records: refs[:min(len(refs), maxRecords)]},
		Args:    bridge.Args{Conversation: r.Conversation.ID, Note: words},
	})
	return nil
}

// namedAddresses returns the mail addresses and phone numbers in what the customer wrote lately.
func (w *work) namedAddresses(c *Conversation) (named []string) {
	for _, m := range w.Messages.Latest(c) {
		if m.IdentityID == nil {
			continue
		}
		for _, found := range contactsIn.FindAllString(m.Text, -1) {
			if strings.HasPrefix(found, "+") {
				found = strings.NewReplacer(" ", "", "(", "", ")", "", "/", "", ".", "", "-", "").Replace(found)
			}
			named = append(named, bridge.AddressKey(found))
		}
	}
	return slices.DeleteFunc(named, func(a string) bool { return a == ownAddress(c) })
}

// unlink takes the customer from a record. What colleagues call the customer stays.
func (w *work) unlink(ctx context.Context, tx pgx.Tx, r Request) error {
	c := r.Conversation
	own := store.CustomerAddress{Address: ownAddress(c)}
	if own.Address == "" {
		return w.refuseNoCustomer(r)
	}
	known, err := knownCustomer(ctx, tx, c)
	if err != nil {
		return err
	}
	if known == nil {
		w.Unchanged(r)
		return nil
	}
	if w.keepsReaders(r, len(known.VisibleTo) > 0) {
		return nil
	}
	addresses, err := store.AddressesOf(ctx, tx, known.ID)
	if err != nil {
		return err
	}
	if len(addresses) == 1 && known.Address == own.Address {
		w.Refuse(r, "own_record", "This record is of this customer alone.", "To join another one: !link NAME")
		return nil
	}
	// A record of its own, although it is empty, keeps the customer from being found by the domain or by another address again.
	own.Name = known.Called
	if own.RecordID, err = store.AddCustomer(ctx, tx, store.Customer{}); err != nil {
		return err
	}
	if err := store.SetAddresses(ctx, tx, own); err != nil {
		return err
	}
	w.Log.Did(r, Detail{Text: known.Name})
	showRecord(c, "")
	w.Confirm(r, bridge.Line{Args: bridge.Args{Conversation: c.ID, Note: known.Name}})
	return nil
}
