package knowledge_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// Files are found in the language in which they are written, by other forms of their words.
func TestFolderInLanguages(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"returns.md":     "# Returns\n\nYou can return the lamps that you have bought within thirty days.\n\n## Shipping\n\nWe ship everything with the parcel service.",
		"de/retoure.md":  "# Rückgabe\n\nSie können die gekauften Lampen innerhalb von dreißig Tagen zurückgeben, wenn sie nicht benutzt wurden.",
		"fr.md":          "# Retours\n\nVous pouvez renvoyer les lampes achetées pendant trente jours si elles n'ont pas été utilisées.",
		"es.md":          "# Devoluciones\n\nPuede devolver las lámparas compradas durante treinta días si no se han utilizado.",
		"pt.md":          "# Devoluções\n\nVocê pode devolver as lâmpadas compradas durante trinta dias se não foram utilizadas.",
		"it.md":          "# Resi\n\nPuò restituire le lampade acquistate entro trenta giorni se non sono state utilizzate.",
		"nl.md":          "# Retouren\n\nU kunt de gekochte lampen binnen dertig dagen terugsturen als ze niet zijn gebruikt.",
		"pl.md":          "# Zwroty\n\nZakupione lampy można zwrócić w ciągu trzydziestu dni, jeżeli nie były używane.",
		"page.html":      "<title>Warranty</title><nav>Menu everywhere</nav><p>The warranty lasts two years.</p>",
		".git/secret.md": "# Secret\n\nwarranty password",
		"picture.png":    "warranty",
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	outside := filepath.Join(t.TempDir(), "outside.md")
	if err := os.WriteFile(outside, []byte("# Outside\n\nwarranty"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "link.md")); err != nil {
		t.Fatal(err)
	}
	pool := open(t, dir)
	round(t, pool)
	for asked, want := range map[string]string{
		"How does returning a lamp work?":         "Returns",
		"Is it shipped?":                          "Returns: Shipping",
		"Ich habe eine Lampe gekauft":             "Rückgabe",
		"Je veux renvoyer une lampe":              "Retours",
		"Quiero devolver una lámpara comprada":    "Devoluciones",
		"Quero devolver uma lâmpada":              "Devoluções",
		"Vorrei restituire una lampada":           "Resi",
		"Ik wil een gekochte lamp terugsturen":    "Retouren",
		"Zakupione lampy":                         "Zwroty",
		"What about the warranty of two years?":   "Warranty",
		"'; DROP TABLE x; -- & | ! <-> \\ refund": "",
	} {
		got := titles(t, pool, asked)
		if want == "" && len(got) > 0 || want != "" && (len(got) == 0 || got[0] != want) {
			t.Errorf("%q finds %q, want %s first", asked, got, want)
		}
	}
	if got := titles(t, pool, "warranty password menu"); !slices.Equal(got, []string{"Warranty"}) {
		t.Errorf("found %q", got)
	}
	if err := os.Remove(filepath.Join(dir, "page.html")); err != nil {
		t.Fatal(err)
	}
	round(t, pool)
	if got := titles(t, pool, "warranty"); len(got) != 0 {
		t.Errorf("of a file that is gone %q is found", got)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	round(t, pool)
	if p := problem(t, pool); !strings.Contains(p, "can't be opened") {
		t.Errorf("the problem is %q", p)
	}
}

// A file of which only the beginning is read counts as that, also when it is found unchanged: it takes no room from the others.
func TestLargeFileLeavesRoom(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "b.md"), "# Warranty\n\nThe warranty lasts two years.")
	large := filepath.Join(dir, "a.txt")
	writeFile(t, large, "It begins.\n")
	if err := os.Truncate(large, 31<<20); err != nil {
		t.Fatal(err)
	}
	pool := open(t, dir)
	for i := range 2 {
		round(t, pool)
		if got := titles(t, pool, "warranty"); !slices.Equal(got, []string{"Warranty"}) {
			t.Errorf("at look %d %q is found", i+1, got)
		}
		if p := problem(t, pool); p != "" {
			t.Errorf("at look %d the problem is %q", i+1, p)
		}
	}
}

// locked are files of which some can't be opened.
type locked struct {
	fs.FS
	names []string
}

// Open implements fs.FS.
func (l locked) Open(name string) (fs.File, error) {
	if slices.Contains(l.names, name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return l.FS.Open(name)
}

// What can't be read for once stays as it was read before, and is noted. What is gone is forgotten.
func TestFileThatCannotBeRead(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{
		"a.md":     {Data: []byte("# Warranty\n\nIt lasts two years.")},
		"sub/b.md": {Data: []byte("# Shipping\n\nIt takes two days.")},
		"subs.md":  {Data: []byte("# Returns\n\nThirty days.")},
		"z.md":     {Data: []byte("# Hours\n\nWe open at nine.")},
	}
	pool := open(t, "/docs")
	read := func(names ...string) {
		t.Helper()
		if err := newReader(pool, 0).ReadFiles(t.Context(), "/docs", locked{files, names}); err != nil {
			t.Fatal(err)
		}
	}
	read()
	files["a.md"] = &fstest.MapFile{Data: []byte("# Guarantee\n\nIt lasts three years.")}
	delete(files, "subs.md")
	read("a.md", "sub")
	for asked, want := range map[string][]string{"warranty": {"Warranty"}, "shipping": {"Shipping"}, "returns": nil, "hours": {"Hours"}} {
		if got := titles(t, pool, asked); !slices.Equal(got, want) {
			t.Errorf("%q finds %q, want %q", asked, got, want)
		}
	}
	if p := problem(t, pool); !strings.Contains(p, "can't be read: permission denied") {
		t.Errorf("the problem is %q", p)
	}
	read()
	if got := titles(t, pool, "guarantee"); !slices.Equal(got, []string{"Guarantee"}) || problem(t, pool) != "" {
		t.Errorf("later %q is found, and the problem is %q", got, problem(t, pool))
	}
}

func writeFile(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
