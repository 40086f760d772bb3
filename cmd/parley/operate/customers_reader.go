package operate

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	encodings "golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"parley/bridge"
	"parley/store"
)

// Fault is what is wrong with a line of a file.
type Fault struct {
	Line int64  // 0 means the whole file
	What string // "there is no address"
	Do   string // "Write the mail address …"
}

// Error implements error.
func (f *Fault) Error() string {
	if f.Line == 0 {
		return f.What + ": " + f.Do
	}
	return fmt.Sprintf("line %d: %s: %s", f.Line, f.What, f.Do)
}

const (
	maxRowBytes  = 1 << 20 // a longer line has a quotation mark that isn't closed
	maxCellRunes = 2000
	maxColumns   = 200
)

// columnAddress is the column that each file has. Others are those of bridge.RecordFields, or fields of the record.
const columnAddress = "address"

// file is a CSV file: how its bytes are read as text, and how it separates cells.
type file struct {
	src      io.ReadSeeker
	hash     string // SHA-256
	decoding encoding.Encoding
	words    string // how its text is encoded, for people
	comma    rune
	skip     int64               // lines before the first one: "sep=;"
	has      store.ImportColumns // known as soon as the first line was read
}

// inspect finds out how a file is written.
func inspect(src io.ReadSeeker) (*file, error) {
	f := &file{src: src, comma: ','}
	head, err := f.readHead(nil)
	if err != nil {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0")):
		return nil, &Fault{What: "this is a workbook", Do: "Save it as “CSV UTF-8”, and import that."}
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		f.decoding, f.words = encodings.UTF16(encodings.LittleEndian, encodings.ExpectBOM), "UTF-16"
	}

	if _, err := src.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	sum := sha256.New()
	all := io.TeeReader(src, sum)
	_, notUTF8 := io.Copy(io.Discard, transform.NewReader(all, encoding.UTF8Validator))
	if _, err := io.Copy(io.Discard, all); err != nil { // what is behind the first fault
		return nil, err
	}
	f.hash = hex.EncodeToString(sum.Sum(nil))
	switch {
	case f.decoding != nil:
	case errors.Is(notUTF8, encoding.ErrInvalidUTF8):
		f.decoding, f.words = charmap.Windows1252, "Windows-1252"
	case notUTF8 != nil:
		return nil, notUTF8
	default:
		f.decoding, f.words = encodings.UTF8BOM, "UTF-8"
	}

	if head, err = f.readHead(f.decoding); err != nil {
		return nil, err
	}
	line, rest, _ := strings.Cut(string(head), "\n")
	if sep, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(line)), "sep="); ok && utf8.RuneCountInString(sep) == 1 {
		f.comma, _ = utf8.DecodeRuneInString(sep)
		f.skip = 1
		return f, nil
	}
	if strings.TrimSpace(line) == "" && strings.TrimSpace(rest) != "" {
		return nil, &Fault{Line: 1, What: "the first line is empty", Do: "The first line names the columns: address, name and so on."}
	}
	unquoted := regexp.MustCompile(`"[^"]*"`).ReplaceAllString(line, "")
	for _, comma := range []string{";", "\t"} {
		if strings.Count(unquoted, comma) > strings.Count(unquoted, string(f.comma)) {
			f.comma = []rune(comma)[0]
		}
	}
	return f, nil
}

// readHead returns the beginning of the file, decoded unless decoding is nil.
func (f *file) readHead(decoding encoding.Encoding) ([]byte, error) {
	if _, err := f.src.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	var r io.Reader = f.src
	if decoding != nil {
		r = decoding.NewDecoder().Reader(r)
	}
	const most = 1 << 16
	return io.ReadAll(io.LimitReader(r, most))
}

// bounded fails when a row is longer than maxRowBytes, so that a quotation mark that is never closed doesn't fill the memory.
type bounded struct {
	r    io.Reader
	left int
}

var errRowTooLong = errors.New("customers: a row is too long")

// Read implements io.Reader.
func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errRowTooLong
	}
	n, err := b.r.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// rows reads the file line by line. each gets the customer of a line or what is wrong with it. Errors: *Fault if nothing of the file
// can be read, or not the rest; that of each; that of reading.
func (f *file) rows(each func(line int64, row store.ImportedCustomer, fault *Fault) error) error {
	if _, err := f.src.Seek(0, io.SeekStart); err != nil {
		return err
	}
	text := bufio.NewReader(f.decoding.NewDecoder().Reader(f.src))
	for range f.skip {
		if _, err := text.ReadString('\n'); err != nil {
			return &Fault{What: "the file is empty", Do: "Its first line names the columns."}
		}
	}
	limit := &bounded{r: text, left: maxRowBytes}
	r := csv.NewReader(limit)
	r.Comma, r.FieldsPerRecord, r.ReuseRecord = f.comma, -1, true

	head, err := r.Read()
	if errors.Is(err, io.EOF) {
		return &Fault{What: "the file is empty", Do: "Its first line names the columns: address, name and so on."}
	}
	if err != nil {
		return f.faultOf(err, f.skip+1)
	}
	columns, has, fault := readHeader(slices.Clone(head))
	if fault != nil {
		fault.Line = f.skip + 1
		return fault
	}
	f.has = has

	line := f.skip + 1
	for {
		limit.left = maxRowBytes
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			fault := f.faultOf(err, line+1)
			if fault == nil {
				return err
			}
			parse, isParse := errors.AsType[*csv.ParseError](err)
			if !isParse || errors.Is(err, csv.ErrQuote) && parse.StartLine != parse.Line {
				return fault // the rest of the file is inside of the quotation mark
			}
			line = fault.Line
			if err := each(line, store.ImportedCustomer{}, fault); err != nil {
				return err
			}
			continue
		}
		at, _ := r.FieldPos(0)
		line = int64(at) + f.skip
		row, fault := readRow(columns, cells)
		if fault != nil {
			fault.Line = line
		}
		if fault == nil && len(row.Addresses) == 0 {
			continue // a line of empty cells
		}
		if err := each(line, row, fault); err != nil {
			return err
		}
	}
}

// faultOf returns what an error of the CSV reader means; nil for an error of reading.
func (f *file) faultOf(err error, line int64) *Fault {
	if errors.Is(err, errRowTooLong) {
		return &Fault{Line: line, What: "it has no end", Do: `A quotation mark (") in it isn't closed. The lines below can't be read.`}
	}
	parse, ok := errors.AsType[*csv.ParseError](err)
	if !ok {
		return nil
	}
	return &Fault{
		Line: int64(parse.StartLine) + f.skip, What: "its quotation marks don't fit",
		Do: `Put quotation marks (") around the whole cell, and double those within.`,
	}
}

// readHeader returns the names of the columns, "" for one that is left out.
func readHeader(head []string) (columns []string, has store.ImportColumns, fault *Fault) {
	if len(head) > maxColumns {
		return nil, has, &Fault{What: "there are too many columns", Do: fmt.Sprintf("At most %d can be imported.", maxColumns)}
	}
	for _, name := range head {
		name = unguard(strings.TrimSpace(name))
		lower := strings.ToLower(name)
		if lower == columnAddress || slices.ContainsFunc(bridge.RecordFields(), func(f bridge.RecordField) bool { return f.Key == lower }) {
			name = lower
		}
		if name != "" && slices.Contains(columns, name) {
			return nil, has, &Fault{What: "two columns are called “" + name + "”", Do: "Give one of them another name."}
		}
		if problem := textFault(name); problem != nil {
			return nil, has, problem
		}
		columns = append(columns, name)
	}
	if !slices.Contains(columns, columnAddress) {
		return nil, has, &Fault{
			What: "no column is called “address”",
			Do:   "The first line names the columns; in “address” are mail addresses and phone numbers.",
		}
	}
	names := func(key string) bool { return slices.Contains(columns, key) }
	return columns, store.ImportColumns{
		Name: names(bridge.RecordName), Salesman: names(bridge.RecordSalesman), Brands: names(bridge.RecordBrands),
		Assignees: names(bridge.RecordAssignees), Visible: names(bridge.RecordVisible),
	}, nil
}

// readRow reads a line. Without addresses all its cells are empty.
func readRow(columns, cells []string) (row store.ImportedCustomer, fault *Fault) {
	isEmpty := !slices.ContainsFunc(cells, func(cell string) bool { return strings.TrimSpace(cell) != "" })
	if isEmpty {
		return row, nil
	}
	for len(cells) > len(columns) && strings.TrimSpace(cells[len(cells)-1]) == "" {
		cells = cells[:len(cells)-1]
	}
	if len(cells) != len(columns) {
		return row, &Fault{
			What: fmt.Sprintf("it has %d cells, and the first line %d", len(cells), len(columns)),
			Do:   `Put quotation marks (") around a cell that contains the separator.`,
		}
	}

	row.Fields = map[string]string{}
	for i, cell := range cells {
		value := unguard(strings.TrimSpace(cell))
		if fault := textFault(value); fault != nil {
			fault.What = "“" + columns[i] + "” " + fault.What
			return row, fault
		}
		switch columns[i] {
		case "":
		case columnAddress:
			row.Addresses, fault = ReadAddresses(value)
		default:
			isKnown, problem := bridge.SetRecordValue(&row.Customer, columns[i], value)
			if problem != nil && columns[i] != bridge.RecordName { // files have longer ones
				return row, &Fault{What: strings.TrimSuffix(problem.Text, "."), Do: problem.Hint}
			}
			if !isKnown {
				row.Fields[columns[i]] = value
			}
		}
		if fault != nil {
			return row, fault
		}
	}
	if len(row.Addresses) == 0 {
		return row, &Fault{What: "there is no address", Do: "Write a mail address, a phone number, or @shop.example for all of a mail domain."}
	}
	return row, nil
}

// textFault returns what is wrong with the text of a cell.
func textFault(value string) *Fault {
	if !utf8.ValidString(value) || strings.ContainsAny(value, "\x00\ufffd") {
		return &Fault{What: "has letters that can't be read", Do: "Save the file as “CSV UTF-8”."}
	}
	if utf8.RuneCountInString(value) > maxCellRunes {
		return &Fault{What: "is too long", Do: fmt.Sprintf("A cell has at most %d letters.", maxCellRunes)}
	}
	return nil
}

// guarded is what web.Cell writes, so that no spreadsheet takes a text for a formula.
var guarded = regexp.MustCompile(`(^|[;\t\r\n][ "]*)'([=+\-@\t\r\n])`) //nolint:gochecknoglobals // never changes

func unguard(cell string) string { return guarded.ReplaceAllString(cell, "$1$2") }

// ReadAddresses reads the addresses of a record: "ann@shop.example; Ben <+49 30 1234>; @shop.example".
func ReadAddresses(value string) (list []store.CustomerAddress, fault *Fault) {
	for item := range strings.SplitSeq(value, ";") {
		if item = strings.TrimSpace(item); item == "" {
			continue
		}
		var a store.CustomerAddress
		if name, rest, ok := strings.Cut(item, "<"); ok {
			a.Name, item = strings.Join(strings.Fields(name), " "), strings.TrimSuffix(strings.TrimSpace(rest), ">")
		}
		if a.Address = readAddress(item); a.Address == "" {
			return nil, &Fault{
				What: "“" + item + "” is no address",
				Do: "Write a mail address, a phone number as +49301234, or @shop.example for all of a mail domain; several are " +
					"separated by semicolons.",
			}
		}
		if utf8.RuneCountInString(a.Name) > bridge.LongestName {
			return nil, &Fault{What: "the name before <" + a.Address + "> is too long", Do: fmt.Sprintf("It has at most %d letters.",
				bridge.LongestName)}
		}
		if !slices.ContainsFunc(list, func(b store.CustomerAddress) bool { return b.Address == a.Address }) {
			list = append(list, a)
		}
	}
	return list, nil
}

const maxAddressBytes = 320

// readAddress returns the form in which an address is stored; "" if it is none.
func readAddress(typed string) string {
	typed = strings.TrimSpace(typed)
	if digits, isPhone := strings.CutPrefix(typed, "+"); isPhone {
		digits = strings.NewReplacer(" ", "", "-", "", "(", "", ")", "", "/", "", ".", "", "\u00a0", "").Replace(digits)
		if len(digits) < 4 || len(digits) > 20 || strings.Trim(digits, "0123456789") != "" {
			return ""
		}
		return "+" + digits
	}
	if typed == "" || len(typed) > maxAddressBytes || strings.ContainsFunc(typed, func(r rune) bool {
		return unicode.IsSpace(r) ||
			r == ','
	}) {
		return ""
	}
	if domain, isDomain := strings.CutPrefix(typed, "@"); isDomain {
		if domain = strings.TrimPrefix(bridge.AddressKey("x@"+domain), "x"); len(domain) < 4 || strings.Count(domain, "@") > 1 {
			return ""
		}
		return domain
	}
	if local, domain, isMail := strings.Cut(typed, "@"); isMail {
		if local == "" || domain == "" || strings.Contains(domain, "@") {
			return ""
		}
		return bridge.AddressKey(typed)
	}
	return typed
}
