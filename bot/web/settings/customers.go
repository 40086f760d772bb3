package settings

import (
	"context"

	"errors"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/bot/web"
	"parley/bridge"
)

// CustomersDesk is the backend of these pages.
type CustomersDesk interface {
	// FindCustomers returns records with some words behind the record after, by their ids; without words, all.
	FindCustomers(ctx context.Context, words string, after bridge.RecordID, limit int) ([]Record, error)

	// Customer returns a record; nil if there is none.
	Customer(ctx context.Context, id bridge.RecordID) (*Record, error)

	// CustomerHistory returns the notes on a customer, and the latest conversations that viewer may read.
	CustomerHistory(ctx context.Context, viewer bridge.AgentID, id bridge.RecordID) ([]Note, []Conversation, error)

	// SaveCustomer replaces a record, or adds one without ID, and returns its id. It returns a *bridge.Problem if a value is wrong.
	SaveCustomer(ctx context.Context, by web.Person, r Record) (bridge.RecordID, error)

	// NoteCustomer adds a note.
	NoteCustomer(ctx context.Context, by web.Person, id bridge.RecordID, text string) error

	// DropCustomer removes a record with its notes.
	DropCustomer(ctx context.Context, by web.Person, id bridge.RecordID) error

	// ImportCustomers checks a file and, unless onlyCheck, imports it if nothing is wrong with it.
	ImportCustomers(ctx context.Context, by web.Person, file io.ReadSeeker, onlyCheck bool) (Report, error)

	// UndoCustomers takes the last import back. It returns false if there is none.
	UndoCustomers(ctx context.Context, by web.Person) (bool, error)

	// LastCustomers says when which number of customers was imported last; "" if never.
	LastCustomers(ctx context.Context) (string, error)

	// ExportCustomers writes all records as CSV.
	ExportCustomers(ctx context.Context, by web.Person, w io.Writer) error
}

// Record is what is known of a customer.
type Record struct {
	ID        bridge.RecordID
	Addresses string            // separated by semicolons
	Known     map[string]string // by the keys of bridge.RecordFields
	Fields    map[string]string
}

// Title returns the record's name or, without one, its addresses.
func (r Record) Title() string {
	for _, title := range []string{r.Known[bridge.RecordName], r.Addresses} {
		if title != "" {
			return title
		}
	}
	return fmt.Sprintf("record %d", r.ID)
}

// FieldLines returns the fields, one on each line.
func (r Record) FieldLines() string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(r.Fields)) {
		lines = append(lines, name+": "+r.Fields[name])
	}
	return strings.Join(lines, "\n")
}

// Path returns the address of the record's page.
func (r Record) Path() string { return path + "/" + strconv.FormatInt(int64(r.ID), 10) }

// Note is a colleague's note on a customer.
type Note struct {
	At       time.Time
	By, Text string
}

// Conversation is one with the customer.
type Conversation struct {
	ID              bridge.ConversationID
	Subject, Status string
	At              time.Time
}

// Report says what a file has.
type Report struct {
	Customers int64
	Written   string // how its text is written
	Faults    []Fault
	More      int64 // further faults
	Imported  bool
}

// Fault is what is wrong with a line of a file; line 0 means the whole file.
type Fault struct {
	Line     int64
	What, Do string
}

const (
	path     = "/settings/customers"
	pageRows = 50
	maxBytes = 500 << 20 // of a file
	help     = "What your company knows of its customers. Conversations find their record by the customer's address; agents see " +
		"and change it in their chat: !profile."
)

type customersPages struct{ desk CustomersDesk }

// CustomersArea returns the area of these pages.
func CustomersArea(desk CustomersDesk) web.Area {
	p := customersPages{desk}
	return web.Area{
		Name: "customers", Templates: templates,
		Routes: []web.Route{
			{Pattern: "GET " + path, For: web.Admins, Do: p.showList},
			{Pattern: "GET " + path + "/{id}", For: web.Admins, Do: p.showOne},
			{Pattern: "POST " + path + "/{id}", For: web.Admins, Do: p.save},
			{Pattern: "POST " + path + "/{id}/note", For: web.Admins, Do: p.note},
			{Pattern: "POST " + path + "/{id}/remove", For: web.Admins, Do: p.remove},
			{Pattern: "GET /settings/customers-file", For: web.Admins, Do: p.showImport},
			{Pattern: "POST /settings/customers-file", For: web.Admins, Do: p.takeFile, Streams: true, Reads: true},
			{Pattern: "POST /settings/customers-file/undo", For: web.Admins, Do: p.undo, Streams: true},
			{Pattern: "GET /settings/customers.csv", For: web.Admins, Do: p.export, Streams: true},
		},
	}
}

func (p customersPages) showList(v *web.Visit) error {
	words := v.Value("words")
	after, _ := strconv.ParseInt(v.Value("after"), 10, 64) //nolint:errcheck // then it is the first page
	list, err := p.desk.FindCustomers(v.Context(), words, bridge.RecordID(after), pageRows+1)
	if err != nil {
		return err
	}
	more := ""
	if len(list) > pageRows {
		list = list[:pageRows]
		more = path + "?" + url.Values{"words": {words}, "after": {strconv.FormatInt(int64(list[pageRows-1].ID), 10)}}.Encode()
	}
	return v.Show("list", web.Screen{Title: "Customers", Help: help, Data: map[string]any{"Words": words, "Rows": list, "More": more,
		"Later": after > 0}})
}

// record returns the record that the URL names; a record without ID for "new"; nil if there is none.
func (p customersPages) record(v *web.Visit) (*Record, error) {
	if v.Request.PathValue("id") == "new" {
		return &Record{}, nil
	}
	id, err := strconv.ParseInt(v.Request.PathValue("id"), 10, 64)
	if err != nil {
		return nil, nil //nolint:nilnil // there is none
	}
	return p.desk.Customer(v.Context(), bridge.RecordID(id))
}

func refuseNone(v *web.Visit) error {
	return v.Refuse(http.StatusNotFound, "There is no such customer.", "Look for a name or an address on the page Customers.")
}

func (p customersPages) showOne(v *web.Visit) error {
	r, err := p.record(v)
	if err != nil {
		return err
	}
	if r == nil {
		return refuseNone(v)
	}
	return p.show(v, *r, r.FieldLines(), "")
}

// show shows the page of a record, with what is wrong with it.
func (p customersPages) show(v *web.Visit, r Record, fields, problem string) error {
	data := map[string]any{"Record": r, "Known": bridge.RecordFields(), "Fields": fields, "Problem": problem, "Path": path + "/new"}
	title := "New customer"
	if r.ID != 0 {
		title = r.Title()
		data["Path"] = r.Path()
		notes, conversations, err := p.desk.CustomerHistory(v.Context(), v.Person.ID, r.ID)
		if err != nil {
			return err
		}
		zone := v.Now().Location()
		for i := range notes {
			notes[i].At = notes[i].At.In(zone)
		}
		for i := range conversations {
			conversations[i].At = conversations[i].At.In(zone)
		}
		data["Notes"], data["Conversations"] = notes, conversations
	}
	screen := web.Screen{Title: title, Data: data}
	if problem != "" {
		return v.ShowAgain("one", screen)
	}
	return v.Show("one", screen)
}

func (p customersPages) save(v *web.Visit) error {
	r, err := p.record(v)
	if err != nil {
		return err
	}
	if r == nil {
		return refuseNone(v)
	}
	r.Addresses, r.Known, r.Fields = v.Value("addresses"), map[string]string{}, map[string]string{}
	for _, f := range bridge.RecordFields() {
		r.Known[f.Key] = v.Value(f.Key)
	}
	for line := range strings.Lines(v.Value("fields")) {
		name, value, ok := strings.Cut(line, ":")
		if name = strings.TrimSpace(name); !ok && name != "" {
			return p.show(v, *r, v.Value("fields"), "“"+name+"” is no field: write a name and a value, with a colon between.")
		}
		if value = strings.TrimSpace(value); name != "" && value != "" {
			r.Fields[name] = value
		}
	}
	id, err := p.desk.SaveCustomer(v.Context(), v.Person, *r)
	if problem, ok := errors.AsType[*bridge.Problem](err); ok {
		return p.show(v, *r, v.Value("fields"), problem.Text+" "+problem.Hint)
	}
	if err != nil {
		return err
	}
	return v.GoWithText(Record{ID: id}.Path(), "Saved.")
}

func (p customersPages) note(v *web.Visit) error {
	r, err := p.record(v)
	if err != nil {
		return err
	}
	const most = 2000
	text := v.Value("note")
	if r == nil || r.ID == 0 {
		return refuseNone(v)
	}
	if text == "" || len([]rune(text)) > most {
		return p.show(v, *r, r.FieldLines(), "A note has 1 to 2000 letters.")
	}
	if err := p.desk.NoteCustomer(v.Context(), v.Person, r.ID, text); err != nil {
		return err
	}
	return v.GoWithText(r.Path(), "Noted.")
}

func (p customersPages) remove(v *web.Visit) error {
	r, err := p.record(v)
	if err != nil {
		return err
	}
	if r == nil || r.ID == 0 {
		return refuseNone(v)
	}
	if err := p.desk.DropCustomer(v.Context(), v.Person, r.ID); err != nil {
		return err
	}
	return v.GoWithText(path, "The record is removed. Conversations with the customer stay.")
}

func (p customersPages) showImport(v *web.Visit) error { return p.showReport(v, nil) }

func (p customersPages) showReport(v *web.Visit, r *Report) error {
	last, err := p.desk.LastCustomers(v.Context())
	if err != nil {
		return err
	}
	screen := web.Screen{
		Title: "Import and export", Help: "A CSV file with a line for each customer. Nothing is imported if a line is wrong.",
		Data: map[string]any{"Report": r, "Last": last},
	}
	if r != nil && len(r.Faults) > 0 {
		return v.ShowAgain("file", screen)
	}
	return v.Show("file", screen)
}

// takeFile checks or imports an uploaded file. It is written to the disk first, since it is read twice.
func (p customersPages) takeFile(v *web.Visit) error {
	v.Request.Body = http.MaxBytesReader(v.Writer, v.Request.Body, maxBytes)
	parts, err := v.Request.MultipartReader()
	if err != nil {
		return v.Refuse(http.StatusBadRequest, "There is no file.", "Choose a CSV file, then send it again.")
	}
	file, err := os.CreateTemp("", "parley-import-*")
	if err != nil {
		return err
	}
	defer func() { _ = errors.Join(file.Close(), os.Remove(file.Name())) }()
	size, do, err := readParts(parts, file)
	if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
		return v.Refuse(http.StatusRequestEntityTooLarge, "The file is too large.", "Import it where Parley runs: parley customers import FILE")
	}
	if err != nil {
		return v.Refuse(http.StatusBadRequest, "The file didn't arrive.", "Send it again.")
	}
	if size == 0 {
		return v.Refuse(http.StatusBadRequest, "There is no file, or it is empty.", "Choose a CSV file, then send it again.")
	}
	report, err := p.desk.ImportCustomers(v.Context(), v.Person, file, do != "import")
	if err != nil {
		return err
	}
	return p.showReport(v, &report)
}

// readParts writes the uploaded file to a file, and returns the value of the button.
func readParts(parts *multipart.Reader, file io.Writer) (size int64, do string, err error) {
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return size, do, nil
		}
		if err != nil {
			return size, do, err
		}
		switch part.FormName() {
		case "file":
			if size, err = io.Copy(file, part); err != nil {
				return size, do, err
			}
		case "do":
			const most = 100
			value, err := io.ReadAll(io.LimitReader(part, most))
			if err != nil {
				return size, do, err
			}
			do = string(value)
		}
	}
}

func (p customersPages) undo(v *web.Visit) error {
	undone, err := p.desk.UndoCustomers(v.Context(), v.Person)
	if err != nil {
		return err
	}
	if !undone {
		return v.Refuse(http.StatusConflict, "There is no import to take back.", "Look at the page again.")
	}
	return v.GoWithText("/settings/customers-file", "The last import is taken back. What somebody has changed since stays.")
}

func (p customersPages) export(v *web.Visit) error {
	v.Writer.Header().Set("Content-Type", "text/csv; charset=utf-8")
	v.Writer.Header().Set("Content-Disposition", `attachment; filename="customers.csv"`)
	if err := p.desk.ExportCustomers(v.Context(), v.Person, v.Writer); err != nil {
		return web.BrokenOff(err)
	}
	return nil
}
