package slack

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

// forEachManifest runs a check for the manifest of an app of Socket Mode, and that of one that Slack calls by HTTP.
func forEachManifest(t *testing.T, check func(t *testing.T, name string, raw []byte)) {
	t.Helper()
	for _, tt := range []struct {
		name    string
		options ManifestOptions
	}{
		{name: "socket", options: ManifestOptions{}},
		{name: "http", options: ManifestOptions{Name: "Acme help", PublicURL: "https://parley.acme.test/", HTTP: true, ShortCommands: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			raw, err := JSON(tt.options)
			noError(t, err)
			check(t, tt.name, raw)
		})
	}
}

// Golden files hold both manifests.
func TestJSON(t *testing.T) {
	t.Parallel()
	forEachManifest(t, func(t *testing.T, name string, raw []byte) {
		var v any
		noError(t, json.Unmarshal(raw, &v))
		golden.JSON(t, "testdata/manifest_"+name+".json", v)
	})
}

func TestJSONRefuses(t *testing.T) {
	t.Parallel()
	const maxNameBytes = 35
	for _, tt := range []struct {
		name    string
		options ManifestOptions
	}{
		{name: "a name that is too long", options: ManifestOptions{Name: strings.Repeat("x", maxNameBytes+1)}},
		{name: "an address without TLS", options: ManifestOptions{PublicURL: "http://parley.acme.test"}},
		{name: "HTTP without an address", options: ManifestOptions{HTTP: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if raw, err := JSON(tt.options); err == nil {
				t.Errorf("got the manifest %s, want an error", raw)
			}
		})
	}
}

// An app of Socket Mode keeps it when agents sign in to the site by Slack: the address of the site is only where Slack sends them
// back.
func TestSocketModeWithSignIn(t *testing.T) {
	t.Parallel()
	raw, err := JSON(ManifestOptions{PublicURL: "https://parley.acme.test"})
	noError(t, err)
	var m struct {
		Settings struct {
			Socket bool `json:"socket_mode_enabled"`
		} `json:"settings"`
		OAuth struct {
			Redirects []string `json:"redirect_urls"`
		} `json:"oauth_config"`
	}
	noError(t, json.Unmarshal(raw, &m))
	if !m.Settings.Socket || bytes.Contains(raw, []byte("request_url")) || bytes.Contains(raw, []byte("/slack/commands")) {
		t.Errorf("got the manifest %s, want one of Socket Mode without addresses for requests", raw)
	}
	if want := []string{"https://parley.acme.test/auth/with/slack/back"}; !slices.Equal(m.OAuth.Redirects, want) {
		t.Errorf("agents are sent back to %v, want %v", m.OAuth.Redirects, want)
	}
}

// slacksSchema reads Slack's schema of manifests. It skips the test where that isn't there.
func slacksSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	folder := os.Getenv("PARLEY_TESTDATA")
	if folder == "" {
		t.Skip("PARLEY_TESTDATA is unset: Slack's schema is not there")
	}
	raw, err := os.ReadFile(filepath.Join(folder, "slack", "manifest.schema.2.0.0.json"))
	noError(t, err)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	noError(t, err)
	c := jsonschema.NewCompiler()
	c.UseRegexpEngine(lookahead)
	noError(t, c.AddResource("manifest.json", doc))
	schema, err := c.Compile("manifest.json")
	noError(t, err)
	return schema
}

func TestJSONFitsSlacksSchema(t *testing.T) {
	t.Parallel()
	schema := slacksSchema(t)
	forEachManifest(t, func(t *testing.T, _ string, raw []byte) {
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
		noError(t, err)
		if err := schema.Validate(v); err != nil {
			t.Errorf("the manifest doesn't fit: %v", err)
		}
	})
}

// A schema that takes everything would show nothing: Slack's refuses a name of 50 characters.
func TestSlacksSchemaRefuses(t *testing.T) {
	t.Parallel()
	schema := slacksSchema(t)
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(`{"display_information":{"name":"` + strings.Repeat("x", 50) + `"}}`))
	noError(t, err)
	if schema.Validate(v) == nil {
		t.Error("the schema takes a name of 50 characters, want an error")
	}
}

// lookaheadPattern is a pattern of JavaScript with a negative lookahead in front, which Go's expressions lack.
type lookaheadPattern struct {
	not  *regexp.Regexp // the lookahead: texts that begin so don't match
	then *regexp.Regexp
}

func (p lookaheadPattern) MatchString(s string) bool {
	return !p.not.MatchString(s) && p.then.MatchString(s)
}
func (p lookaheadPattern) String() string { return p.then.String() }

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
	then, err := regexp.Compile("^" + m[2])
	return lookaheadPattern{not: not, then: then}, err
}
