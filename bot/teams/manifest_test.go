package teams

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"image"
	"image/png"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"parley/bot/verb"
)

func sampleOptions() map[string]ManifestOptions {
	const id = "22222222-2222-4222-8222-222222222222"
	return map[string]ManifestOptions{
		"plain": {AppID: id, PublicURL: "https://help.acme.test/"},
		"all": {AppID: id, PublicURL: "https://help.acme.test:8443", Name: strings.Repeat("ä", maxShortName), Version: "2.10.3",
			Developer: "Acme",
			Website:   "https://acme.test", Privacy: "https://acme.test/privacy", Terms: "https://acme.test/terms", MentionsOnly: true},
	}
}

func sampleManifest(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := JSON(sampleOptions()[name])
	noError(t, err)
	return raw
}

// Teams refuses a package whose manifest doesn't match its schema.
func TestManifestFitsTheSchema(t *testing.T) {
	t.Parallel()
	folder := os.Getenv("PARLEY_TESTDATA")
	if folder == "" {
		t.Skip("PARLEY_TESTDATA is unset: the schema of app manifests is not there")
	}
	raw, err := os.ReadFile(filepath.Join(folder, "teams", "MicrosoftTeams.v1.30.schema.json"))
	noError(t, err)

	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	noError(t, err)
	c := jsonschema.NewCompiler()
	c.UseRegexpEngine(goPattern)
	noError(t, c.AddResource("manifest.json", doc))
	schema, err := c.Compile("manifest.json")
	noError(t, err)

	validate := func(raw []byte) error {
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
		noError(t, err)
		return schema.Validate(v)
	}

	for name := range sampleOptions() {
		if err := validate(sampleManifest(t, name)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if validate(bytes.Replace(sampleManifest(t, "plain"), []byte(`"tier1"`), []byte(`"tier9"`), 1)) == nil {
		t.Error("the schema takes an unknown tier, want an error: it may take everything")
	}
}

// goPattern compiles the patterns of the schema. Go's regular expressions lack a feature that some of them use. Those are
// for add-ins that Parley doesn't have, so they match nothing here.
func goPattern(pattern string) (jsonschema.Regexp, error) {
	if strings.Contains(pattern, "(?!") {
		return regexp.MustCompile(`[^\s\S]`), nil
	}
	return regexp.Compile(pattern)
}

// wantLength checks that a text has 1 to most characters.
func wantLength(t *testing.T, what, text string, most int) {
	t.Helper()
	if n := utf8.RuneCountInString(text); n == 0 || n > most {
		t.Errorf("%s %q has %d characters, want 1 to %d", what, text, n, most)
	}
}

// The manifest keeps limits of Teams that the schema lacks, and each command that it offers is a command of Parley's.
func TestManifestLimits(t *testing.T) {
	t.Parallel()
	const maxTitle, maxCommands, maxEntries, maxParameters, maxLists = 32, 12, 10, 5, 3
	var m struct {
		Name, Description map[string]string
		Bots              []struct {
			CommandLists []struct {
				Scopes   []string
				Commands []struct{ Title, Description string }
			}
		}
		ComposeExtensions []struct {
			Commands []struct {
				ID, Title  string
				Context    []string
				Parameters []any
			}
		}
	}
	noError(t, json.Unmarshal(sampleManifest(t, "plain"), &m))
	if len(m.Bots) != 1 || len(m.ComposeExtensions) != 1 {
		t.Fatalf("got %d bots and %d extensions, want one of each", len(m.Bots), len(m.ComposeExtensions))
	}
	wantLength(t, "the short name", m.Name["short"], 30)
	wantLength(t, "the full name", m.Name["full"], 100)
	wantLength(t, "the short description", m.Description["short"], 80)
	wantLength(t, "the full description", m.Description["full"], 4000)

	if n := len(m.Bots[0].CommandLists); n > maxLists {
		t.Errorf("got %d lists of commands, want at most %d", n, maxLists)
	}
	for _, list := range m.Bots[0].CommandLists {
		if n := len(list.Commands); n == 0 || n > maxCommands {
			t.Errorf("got %d commands for %v, want 1 to %d", n, list.Scopes, maxCommands)
		}
		for _, c := range list.Commands {
			wantLength(t, "the command", c.Title, maxTitle)
			if c.Description == "" {
				t.Errorf("the command %q has no description", c.Title)
			}
			if p := verb.Mention(c.Title, verb.Options{}); p.Verb == "unknown" {
				t.Errorf("the command %q is not known: %s", c.Title, p.Err)
			}
		}
	}

	entries := m.ComposeExtensions[0].Commands
	if n := len(entries); n > maxEntries {
		t.Errorf("got %d entries of menus, want at most %d", n, maxEntries)
	}
	for _, c := range entries {
		wantLength(t, "the entry", c.Title, maxTitle)
		if n := len(c.Parameters); n > maxParameters {
			t.Errorf("the entry %q has %d parameters, want at most %d", c.Title, n, maxParameters)
		}
		isInMessageMenu, isVerb := slices.Contains(c.Context, "message"), VerbOf(c.ID) != ""
		if isInMessageMenu != isVerb {
			t.Errorf("the entry %q is in a message's menu: %v, and a verb: %v, want the same", c.Title, isInMessageMenu, isVerb)
		}
	}
}

// The app asks for one right: to read a team's messages.
func TestManifestRights(t *testing.T) {
	t.Parallel()
	var m struct {
		Authorization struct {
			Permissions struct{ ResourceSpecific []struct{ Name string } }
		}
		WebApplicationInfo struct{ ID, Resource string }
	}
	noError(t, json.Unmarshal(sampleManifest(t, "plain"), &m))
	rights := m.Authorization.Permissions.ResourceSpecific
	if len(rights) != 1 || rights[0].Name != ReadRight {
		t.Errorf("got the rights %+v, want %s alone", rights, ReadRight)
	}
	if got, want := m.WebApplicationInfo.Resource, "api://help.acme.test/botid-"+m.WebApplicationInfo.ID; got != want {
		t.Errorf("got the resource %q, want %q", got, want)
	}
}

// unpack returns a package's files by name.
func unpack(t *testing.T, raw []byte) map[string][]byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	noError(t, err)
	files := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		noError(t, err)
		files[f.Name], err = io.ReadAll(r)
		noError(t, err)
	}
	return files
}

// A package has the manifest and two icons, and the same bytes each time that it is made.
func TestPackage(t *testing.T) {
	t.Parallel()
	raw, err := Package(sampleOptions()["plain"])
	noError(t, err)
	again, err := Package(sampleOptions()["plain"])
	noError(t, err)
	if !bytes.Equal(raw, again) {
		t.Error("the second package has other bytes than the first")
	}

	files := unpack(t, raw)
	if got, want := slices.Sorted(maps.Keys(files)), []string{colorFile, "manifest.json", outlineFile}; !slices.Equal(got, want) {
		t.Fatalf("got the files %v, want %v", got, want)
	}
	if want := sampleManifest(t, "plain"); !bytes.Equal(files["manifest.json"], want) {
		t.Errorf("got the manifest %s, want %s", files["manifest.json"], want)
	}

	for name, size := range map[string]int{colorFile: 192, outlineFile: 32} {
		if got := picture(t, files[name]).Bounds(); got.Dx() != size || got.Dy() != size {
			t.Errorf("%s is %v, want %d × %d pixels", name, got, size, size)
		}
	}
}

func picture(t *testing.T, raw []byte) image.Image {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(raw))
	noError(t, err)
	return img
}
