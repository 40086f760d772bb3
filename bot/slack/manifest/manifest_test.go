package manifest

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"parley/channels/golden"
)

func all(t *testing.T) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for name, o := range map[string]Options{
		"socket": {}, "http": {Name: "Acme help", PublicURL: "https://parley.acme.test/", HTTP: true, ShortCommands: true},
	} {
		raw, err := JSON(o)
		must(t, err)
		out[name] = raw
	}
	return out
}

// Golden files hold both manifests.
func TestJSON(t *testing.T) {
	t.Parallel()
	for name, raw := range all(t) {
		var v any
		must(t, json.Unmarshal(raw, &v))
		golden.JSON(t, "testdata/manifest_"+name+".json", v)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]Options{
		"a name that is too long":       {Name: strings.Repeat("x", 36)},
		"an address without encryption": {PublicURL: "http://parley.acme.test"},
		"HTTP without an address":       {HTTP: true},
	} {
		if _, err := JSON(o); err == nil {
			t.Errorf("%s: got a manifest, want an error", name)
		}
	}
}

// An app of Socket Mode keeps it when agents shall sign in to the site by Slack: the address of the site is only where Slack sends
// them back.
func TestSocketModeWithSignIn(t *testing.T) {
	t.Parallel()
	raw, err := JSON(Options{PublicURL: "https://parley.acme.test"})
	must(t, err)
	var m document
	must(t, json.Unmarshal(raw, &m))
	wantEqual(t, "Socket Mode is on", m.Settings.Socket, true)
	wantEqual(t, "where events go", m.Settings.Events.URL, "")
	wantEqual(t, "where clicks go", m.Settings.Interactivity.URL, "")
	wantEqual(t, "where commands go", m.Features.Commands[0].URL, "")
	if want := []string{"https://parley.acme.test/auth/with/slack/back"}; !slices.Equal(m.OAuth.Redirects, want) {
		t.Errorf("agents are sent back to %v, want %v", m.OAuth.Redirects, want)
	}
}

func TestJSONFitsSlacksSchema(t *testing.T) {
	t.Parallel()
	folder := os.Getenv("PARLEY_TESTDATA")
	if folder == "" {
		t.Skip("PARLEY_TESTDATA is unset: Slack's schema is not there")
	}
	raw, err := os.ReadFile(filepath.Join(folder, "slack", "manifest.schema.2.0.0.json"))
	must(t, err)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	must(t, err)
	c := jsonschema.NewCompiler()
	c.UseRegexpEngine(lookahead)
	must(t, c.AddResource("manifest.json", doc))
	schema, err := c.Compile("manifest.json")
	must(t, err)
	for name, raw := range all(t) {
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
		must(t, err)
		if err := schema.Validate(v); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(`{"display_information":{"name":"` + strings.Repeat("x", 50) + `"}}`))
	must(t, err)
	if schema.Validate(v) == nil {
		t.Error("the schema takes a name of 50 characters, want an error: it may take everything")
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantEqual checks one value.
func wantEqual[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// unlike is a pattern of JavaScript with a negative lookahead in front, which Go's expressions lack.
type unlike struct{ not, yes *regexp.Regexp }

func (u unlike) MatchString(s string) bool { return !u.not.MatchString(s) && u.yes.MatchString(s) }
func (u unlike) String() string            { return u.yes.String() }

// lookahead compiles the patterns of Slack's schema: some start with ^(?!…).
func lookahead(pattern string) (jsonschema.Regexp, error) {
	m := regexp.MustCompile(`^\^\(\?!(\[[^\]]*\])\)(.*)$`).FindStringSubmatch(pattern)
	if m == nil {
		return regexp.Compile(pattern)
	}
	not, err := regexp.Compile("^" + m[1])
	if err != nil {
		return nil, err
	}
	yes, err := regexp.Compile("^" + m[2])
	return unlike{not: not, yes: yes}, err
}
