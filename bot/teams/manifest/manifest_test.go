package manifest

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"parley/bot/command"
)

func sampleOptions() map[string]Options {
	const id = "22222222-2222-4222-8222-222222222222"
	return map[string]Options{
		"plain": {AppID: id, PublicURL: "https://help.acme.test/"},
		"all": {AppID: id, PublicURL: "https://help.acme.test:8443", Name: strings.Repeat("ä", maxShortName), Version: "2.10.3", Developer: "Acme",
			Website: "https://acme.test", Privacy: "https://acme.test/privacy", Terms: "https://acme.test/terms", MentionsOnly: true},
	}
}

func sampleManifest(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := JSON(sampleOptions()[name])
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestManifestFitsTheSchema: Teams refuses a package whose manifest doesn't.
func TestManifestFitsTheSchema(t *testing.T) {
	t.Parallel()
	folder := os.Getenv("PARLEY_TESTDATA")
	if folder == "" {
		t.Skip("PARLEY_TESTDATA is unset: the schema of app manifests is not there")
	}
	raw, err := os.ReadFile(filepath.Join(folder, "teams", "MicrosoftTeams.v1.30.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.UseRegexpEngine(goPattern)
	if err := c.AddResource("manifest.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	fits := func(raw []byte) error {
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		return schema.Validate(v)
	}
	for name := range sampleOptions() {
		if err := fits(sampleManifest(t, name)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if fits(bytes.Replace(sampleManifest(t, "plain"), []byte(`"tier1"`), []byte(`"tier9"`), 1)) == nil {
		t.Error("the schema takes everything")
	}
}

// goPattern compiles the patterns of the schema. Those of JavaScript that Go's regular
// expressions lack are of add-ins that we have none of: they match nothing.
func goPattern(pattern string) (jsonschema.Regexp, error) {
	if strings.Contains(pattern, "(?!") {
		return regexp.MustCompile(`[^\s\S]`), nil
	}
	return regexp.Compile(pattern)
}

// TestManifestLimits: what Teams says beside the schema, and that what it offers is known.
func TestManifestLimits(t *testing.T) {
	t.Parallel()
	var m document
	if err := json.Unmarshal(sampleManifest(t, "plain"), &m); err != nil {
		t.Fatal(err)
	}
	if len(m.Bots) != 1 || len(m.Bots[0].Commands) > 3 || len(m.ComposeExtensions) != 1 || len(m.ComposeExtensions[0].Commands) > 10 {
		t.Errorf("%d bots, %d extensions", len(m.Bots), len(m.ComposeExtensions))
	}
	for key, most := range map[string]int{"short": 30, "full": 100} {
		if n := len([]rune(m.Name[key])); n == 0 || n > most {
			t.Errorf("name.%s has %d characters", key, n)
		}
	}
	for key, most := range map[string]int{"short": 80, "full": 4000} {
		if n := len([]rune(m.Description[key])); n == 0 || n > most {
			t.Errorf("description.%s has %d characters", key, n)
		}
	}
	for _, list := range m.Bots[0].Commands {
		if len(list.Commands) == 0 || len(list.Commands) > 12 {
			t.Errorf("%d commands for %v", len(list.Commands), list.Scopes)
		}
		for _, c := range list.Commands {
			if p := command.Mention(c.Title, command.Options{}); p.Verb == "unknown" || c.Description == "" || len(c.Title) > 32 {
				t.Errorf("the command %q is read as %q", c.Title, p.Verb)
			}
		}
	}
	for _, c := range m.ComposeExtensions[0].Commands {
		known := VerbOf(c.ID) != ""
		if inMenu := slices.Contains(c.Context, "message"); inMenu != known || len(c.Title) > 32 || len(c.Parameters) > 5 {
			t.Errorf("the command %+v", c)
		}
	}
}

// TestManifestRights: the app asks for one right, and for none where mentions are enough.
func TestManifestRights(t *testing.T) {
	t.Parallel()
	var all, less document
	for name, m := range map[string]*document{"plain": &all, "all": &less} {
		if err := json.Unmarshal(sampleManifest(t, name), m); err != nil {
			t.Fatal(err)
		}
	}
	if all.Authorization == nil || len(all.Authorization.Permissions.Resource) != 1 || all.Authorization.Permissions.Resource[0].Name != ReadRight ||
		all.Application == nil || all.Application.Resource != "api://help.acme.test/botid-"+all.Application.ID {
		t.Errorf("rights %+v %+v", all.Authorization, all.Application)
	}
	if less.Authorization != nil {
		t.Errorf("rights %+v %+v", less.Authorization, less.Application)
	}
}

// TestManifestFaults: each is told, with what to do.
func TestManifestFaults(t *testing.T) {
	t.Parallel()
	_, err := JSON(Options{AppID: "parley", Name: strings.Repeat("x", 31), Developer: strings.Repeat("x", 33), PublicURL: "http://help.acme.test", Version: "1.0"})
	for _, part := range []string{"the app id is no id", "31 characters", "33 characters", "public URL is not https", "no version"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not said: %v", part, err)
		}
	}
}

// TestPackage: three files, the same bytes each time, icons as Teams wants them.
func TestPackage(t *testing.T) {
	t.Parallel()
	o := sampleOptions()["plain"]
	raw, err := Package(o)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := Package(o); err != nil || !bytes.Equal(raw, again) {
		t.Errorf("the second time it is another: %v", err)
	}
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if files[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	if len(files) != 3 || !bytes.Equal(files["manifest.json"], sampleManifest(t, "plain")) {
		t.Errorf("%d files", len(files))
	}
	large, small := picture(t, files["color.png"]), picture(t, files["outline.png"])
	if large.Bounds().Dx() != 192 || large.Bounds().Dy() != 192 || small.Bounds().Dx() != 32 || small.Bounds().Dy() != 32 {
		t.Errorf("icons of %v and %v", large.Bounds(), small.Bounds())
	}
	seen := map[bool]int{}
	for y := range 32 {
		for x := range 32 {
			c := color.NRGBAModel.Convert(small.At(x, y)).(color.NRGBA)
			if c.A > 0 && (c.R != 255 || c.G != 255 || c.B != 255) {
				t.Fatalf("the outline is %v at %d,%d", c, x, y)
			}
			seen[c.A > 127]++
		}
	}
	if seen[true] < 60 || seen[false] < 400 {
		t.Errorf("the outline has %d white points and %d clear ones", seen[true], seen[false])
	}
}

func picture(t *testing.T, raw []byte) image.Image {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return img
}
