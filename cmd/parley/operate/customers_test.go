package operate_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/text/encoding/charmap"
	encodings "golang.org/x/text/encoding/unicode"

	"parley/cmd/parley/operate"
	"parley/store/storetest"
)

// Files as programs write them are read; of broken ones a report says which line is wrong, and what to do.
// Requirement R-126: Rule: the customer's salesman.
// Requirement R-198: Records with fields.
func TestFiles(t *testing.T) {
	t.Parallel()
	const good = "address,name\nann@shop.example,Zoë\n"
	utf16, _ := encodings.UTF16(encodings.LittleEndian, encodings.UseBOM).NewEncoder().String(good)
	bigEndian, _ := encodings.UTF16(encodings.BigEndian, encodings.UseBOM).NewEncoder().String(good)
	latin, _ := charmap.Windows1252.NewEncoder().String(good)
	for name, c := range map[string]struct {
		file string
		want string // of the report
	}{
		"plain":                {good, "1 UTF-8, separated by commas"},
		"with BOM":             {"\ufeff" + good, "1 UTF-8, separated by commas"},
		"UTF-16":               {utf16, "1 UTF-16, separated by commas"},
		"UTF-16, big end":      {bigEndian, "1 UTF-16, separated by commas"},
		"Windows-1252":         {latin, "1 Windows-1252, separated by commas"},
		"semicolons":           {"address;name\r\nann@shop.example;\"Ann; \"\"A\"\"\nLee\"\r\n", "1 UTF-8, separated by semicolons"},
		"tabs":                 {"address\tname\nann@shop.example\tAnn, Lee\n", "1 UTF-8, separated by tabs"},
		"as Excel says":        {"sep=;\naddress;name\n\nann@shop.example;Ann\n;\n", "1 UTF-8, separated by semicolons"},
		"columns without name": {"address,,\nann@shop.example,x,\n", "1 UTF-8, separated by commas"},
		"guarded formulas":     {"address,note\n'@shop.example,'=1+1\n'+49 30-1234,\n", "2 UTF-8, separated by commas"},
		"several addresses":    {"address\nAnn@Shop.example; Ben <+49301234>\n", "1 UTF-8, separated by commas"},

		"empty":                     {"", "0 line 0: the file is empty"},
		"blank first line":          {"\naddress\n", "0 line 1: the first line is empty"},
		"workbook":                  {"PK\x03\x04\x14", "0 line 0: this is a workbook"},
		"no column address":         {"e-mail,name\na@b.example,Ann\n", "0 line 1: no column is called “address”"},
		"two columns alike":         {"address,town,town\n", "0 line 1: two columns are called “town”"},
		"too many cells":            {"address\na@b.example,b\n", "0 line 2: it has 2 cells, and the first line 1"},
		"too few cells":             {"address,name\na@b.example\n", "0 line 2: it has 1 cells, and the first line 2"},
		"no address":                {"address,name\n,Ann\nben@shop.example,Ben\n", "1 line 2: there is no address"},
		"a name for an address":     {"address\nAnn Lee\n", "0 line 2: “Ann Lee” is no address"},
		"two @":                     {"address\nann@@shop.example\n", "0 line 2: “ann@@shop.example” is no address"},
		"bad phone":                 {"address\n+49 thirty\n", "0 line 2: “+49 thirty” is no address"},
		"bad salesman":              {"address,salesman\nann@shop.example,Ben\n", "0 line 2: “Ben” is no e-mail address"},
		"bad assignee":              {"address,assignees\nann@shop.example,ben@acme.test; Lea\n", "0 line 2: “Lea” is no e-mail address"},
		"stray quote":               {"address,name\nann@shop.example,A\"nn\nben@shop.example,Ben\n", "1 line 2: its quotation marks don't fit"},
		"text behind quotes":        {"address,name\n\"ann@shop.example\"x,Ann\nben@shop.example,Ben\n", "1 line 2: its quotation marks don't fit"},
		"quote without end":         {"address,name\nann@shop.example,\"Ann\nben@shop.example,Ben\n", "0 line 2: its quotation marks don't fit"},
		"quote without end, long":   {"address,name\nann@shop.example,\"" + strings.Repeat("x\n", 1<<20), "0 line 2: it has no end"},
		"NUL":                       {"address,name\nann@shop.example,A\x00nn\n", "0 line 2: “name” has letters"},
		"long cell":                 {"address,name\nann@shop.example," + strings.Repeat("x", 3000) + "\n", "0 line 2: “name” is too long"},
		"line behind a cell of two": {"address,name\nann@shop.example,\"a\nb\"\n,Ben\n", "1 line 4: there is no address"},
	} {
		r, err := operate.Check(strings.NewReader(c.file))
		got := fmt.Sprint(r.Customers, " ", r.Written)
		if len(r.Faults) > 0 {
			got = fmt.Sprintf("%d line %d: %s", r.Customers, r.Faults[0].Line, r.Faults[0].What)
			if r.Faults[0].Do == "" {
				t.Errorf("%s: nothing says what to do", name)
			}
		}
		if err != nil || !strings.HasPrefix(got, c.want) || len(r.Faults) > 1 {
			t.Errorf("%s: %q, %v (%d faults), want %q", name, got, err, len(r.Faults), c.want)
		}
	}
}

// What is imported is exported as it was; a file of some columns leaves the others; an import is taken back, but for what was changed since.
// Requirement R-198: Records with fields.
func TestImportAndUndo(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	const first = "address,name,salesman,brands,assignees,visible,town\n" +
		"'@shop.example; Ann <ann@shop.example>,Shop,ben@acme.test,Bosch; Braun,lea@acme.test,lea@acme.test,'=Berlin\nkim@home.example,Kim,,,,,\n"
	imports(t, pool, first)
	wantExport(t, pool, first)

	imports(t, pool, "address,town\nann@shop.example,Bonn\n'+49301234,Rome\n+49301234,Oslo\nkim@home.example,Paris\n")
	wantExport(t, pool, strings.NewReplacer("'=Berlin", "Bonn", ",,,,,\n", ",,,,,Paris\n'+49301234,,,,,,Oslo\n").Replace(first))
	if _, err := pool.Exec(t.Context(), `UPDATE customer_records SET name = 'Kim Roe', import_id = NULL WHERE name = 'Kim'`); err != nil {
		t.Fatal(err)
	}
	if ok, err := operate.Undo(t.Context(), pool); err != nil || !ok {
		t.Fatal(ok, err)
	}
	wantExport(t, pool, strings.ReplaceAll(first, "Kim,,,,,", "Kim Roe,,,,,Paris"))
	if ok, err := operate.Undo(t.Context(), pool); err != nil || ok {
		t.Errorf("undone twice: %v, %v", ok, err)
	}
}

func imports(t *testing.T, pool *pgxpool.Pool, file string) {
	t.Helper()
	if r, err := operate.Import(t.Context(), pool, strings.NewReader(file)); err != nil || len(r.Faults) > 0 {
		t.Fatal(r, err)
	}
}

func wantExport(t *testing.T, pool *pgxpool.Pool, want string) {
	t.Helper()
	var got bytes.Buffer
	if err := operate.Export(t.Context(), pool, &got); err != nil || got.String() != want {
		t.Errorf("exported\n%s%v, want\n%s", got.String(), err, want)
	}
}

// failing is a file that can't be read any further, the second time, behind some bytes.
type failing struct {
	*strings.Reader
	left   int
	passes int
}

func (f *failing) Seek(offset int64, whence int) (int64, error) {
	f.passes++
	return f.Reader.Seek(offset, whence)
}

func (f *failing) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p[:min(len(p), 1000)])
	if f.passes == 5 { // inspected three times and checked: now it is stored
		if f.left -= n; f.left < 0 {
			return 0, errors.New("the disk is gone")
		}
	}
	return n, err
}

// An import that was interrupted goes on where it was: nothing is there twice or missing, and all of it is taken back at once.
func TestInterruptedImport(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	var file strings.Builder
	file.WriteString("address,name\n")
	const rows = 5500
	for i := range rows {
		fmt.Fprintf(&file, "c%d@shop.example,Customer %d\n", i, i)
	}
	broken := &failing{Reader: strings.NewReader(file.String()), left: file.Len() / 2}
	if _, err := operate.Import(t.Context(), pool, broken); err == nil || !strings.Contains(err.Error(), "disk") {
		t.Fatal("it wasn't interrupted: ", err)
	}
	stored := storetest.Row(t, pool, `SELECT count(*) BETWEEN 1000 AND 3000 FROM customer_records`)
	if stored != "(t)" {
		t.Error("what was read before isn't stored")
	}
	imports(t, pool, file.String())
	if got := storetest.Row(t, pool, `SELECT count(*), count(DISTINCT name), (SELECT customers FROM customer_imports) FROM customer_records`); got != "(5500,5500,5500)" {
		t.Errorf("stored (records, names, counted) = %s, want 5500 of each", got)
	}
	if ok, err := operate.Undo(t.Context(), pool); err != nil || !ok {
		t.Fatal(ok, err)
	}
	if got := storetest.Row(t, pool, `SELECT count(*), (SELECT count(*) FROM customer_addresses) FROM customer_records`); got != "(0,0)" {
		t.Errorf("left (records, addresses) = %s", got)
	}
}

var _ io.ReadSeeker = (*failing)(nil)
