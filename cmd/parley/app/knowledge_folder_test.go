package app_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store/storetest"
)

// writeFile writes a file, and makes its folder if there is none.
func writeFile(t *testing.T, text string, path ...string) (name string) {
	t.Helper()
	name = filepath.Join(path...)
	storetest.Check(t, os.MkdirAll(filepath.Dir(name), 0o750))
	storetest.Check(t, os.WriteFile(name, []byte(text), 0o600))
	return name
}

// checkFound checks the titles of all sections that fit a text. Without want, no section may fit.
func checkFound(t *testing.T, pool *pgxpool.Pool, text string, want ...string) {
	t.Helper()
	if got := findTitles(t, pool, text); !slices.Equal(got, want) {
		t.Errorf("%q finds %q, want %q", text, got, want)
	}
}

// checkProblem checks the words of the problem that is noted with the last place.
func checkProblem(t *testing.T, pool *pgxpool.Pool, want string) {
	t.Helper()
	if got := lastProblem(t, pool); !strings.Contains(got, want) {
		t.Errorf("the problem is %q, want %q in it", got, want)
	}
}

// Files are found in the language in which they are written, by other forms of their words.
func TestFolderInLanguages(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, file := range []struct{ name, text string }{
		{name: "en.md", text: "# Returns\n\nYou can return the lamps that you have bought within thirty days.\n\n" +
			"## Shipping\n\nWe ship everything with the parcel service."},
		{name: "de/retoure.md", text: "# Rückgabe\n\nSie können die gekauften Lampen innerhalb von dreißig Tagen zurückgeben, " +
			"wenn sie nicht benutzt wurden."},
		{name: "fr.md", text: "# Retours\n\nVous pouvez renvoyer les lampes achetées pendant trente jours si elles n'ont pas été utilisées."},
		{name: "es.md", text: "# Devoluciones\n\nPuede devolver las lámparas compradas durante treinta días si no se han utilizado."},
		{name: "pt.md", text: "# Devoluções\n\nVocê pode devolver as lâmpadas compradas durante trinta dias se não foram utilizadas."},
		{name: "it.md", text: "# Resi\n\nPuò restituire le lampade acquistate entro trenta giorni se non sono state utilizzate."},
		{name: "nl.md", text: "# Retouren\n\nU kunt de gekochte lampen binnen dertig dagen terugsturen als ze niet zijn gebruikt."},
		{name: "pl.md", text: "# Zwroty\n\nZakupione lampy można zwrócić w ciągu trzydziestu dni, jeżeli nie były używane."},
		{name: "page.html", text: "<title>Warranty</title><p>The warranty lasts two years.</p>"},
	} {
		writeFile(t, file.text, dir, file.name)
	}

	pool := createPlaces(t, dir)
	readPlaces(t, pool)

	for _, tt := range []struct {
		name string
		text string // of a customer
		want string // the title found first
	}{
		{name: "English", text: "How does returning a lamp work?", want: "Returns"},
		{name: "a section", text: "Is it shipped?", want: "Returns: Shipping"},
		{name: "German", text: "Ich habe eine Lampe gekauft", want: "Rückgabe"},
		{name: "French", text: "Je veux renvoyer une lampe", want: "Retours"},
		{name: "Spanish", text: "Quiero devolver una lámpara comprada", want: "Devoluciones"},
		{name: "Portuguese", text: "Quero devolver uma lâmpada", want: "Devoluções"},
		{name: "Italian", text: "Vorrei restituire una lampada", want: "Resi"},
		{name: "Dutch", text: "Ik wil een gekochte lamp terugsturen", want: "Retouren"},
		{name: "Polish", text: "Zakupione lampy", want: "Zwroty"},
		{name: "HTML", text: "What about the warranty of two years?", want: "Warranty"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := findTitles(t, pool, tt.text)
			if len(got) == 0 {
				t.Fatalf("%q finds nothing, want %q first", tt.text, tt.want)
			}
			if got[0] != tt.want {
				t.Errorf("%q finds %q, want %q first", tt.text, got, tt.want)
			}
		})
	}
	t.Run("nothing fits", func(t *testing.T) {
		checkFound(t, pool, "'; DROP TABLE x; -- & | ! <-> \\ refund") // operators of SQL and of PostgreSQL's text search
	})
}

func TestFolderForgetsAFileThatIsGone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	page := writeFile(t, "<title>Warranty</title><p>The warranty lasts two years.</p>", dir, "page.html")
	writeFile(t, "# Hours\n\nWe open at nine.", dir, "hours.md") // it stays
	pool := createPlaces(t, dir)
	readPlaces(t, pool)
	checkFound(t, pool, "warranty", "Warranty")

	storetest.Check(t, os.Remove(page))
	readPlaces(t, pool)

	checkFound(t, pool, "warranty")
}

// lockedFiles are files of which some can't be opened.
type lockedFiles struct {
	fs.FS
	locked []string
}

func (f lockedFiles) Open(name string) (fs.File, error) {
	if slices.Contains(f.locked, name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return f.FS.Open(name)
}

// readFiles reads the folder "/docs" as if it had these files. Some of them can't be opened.
func readFiles(t *testing.T, pool *pgxpool.Pool, files fs.FS, locked ...string) {
	t.Helper()
	storetest.Check(t, newReader(pool, 0).ReadFiles(t.Context(), "/docs", lockedFiles{files, locked}))
}

// A file that can't be read for once is kept as it was read before, and that is noted. A file that is gone is forgotten.
func TestFileThatCannotBeRead(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{
		"a.md":     {Data: []byte("# Warranty\n\nIt lasts two years.")},
		"sub/b.md": {Data: []byte("# Shipping\n\nIt takes two days.")},
		"subs.md":  {Data: []byte("# Returns\n\nThirty days.")}, // begins like the folder sub, and isn't in it
		"z.md":     {Data: []byte("# Hours\n\nWe open at nine.")},
	}
	pool := createPlaces(t, "/docs")
	readFiles(t, pool, files)
	files["a.md"] = &fstest.MapFile{Data: []byte("# Guarantee\n\nIt lasts three years.")}
	delete(files, "subs.md")

	t.Run("while a file and a folder are locked", func(t *testing.T) {
		readFiles(t, pool, files, "a.md", "sub")
		checkFound(t, pool, "warranty", "Warranty") // as it was
		checkFound(t, pool, "shipping", "Shipping")
		checkFound(t, pool, "returns") // it is gone
		checkFound(t, pool, "hours", "Hours")
		checkProblem(t, pool, "can't be read: permission denied")
	})
	t.Run("when they can be read again", func(t *testing.T) {
		readFiles(t, pool, files)
		checkFound(t, pool, "guarantee", "Guarantee")
		if got := lastProblem(t, pool); got != "" {
			t.Errorf("the problem is %q, want none", got)
		}
	})
}
