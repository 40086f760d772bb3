package demo

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"parley/bridge"
	"parley/channels/golden"
	"parley/cmd/parley/app"
)

// deeds are what people did in a story, and what they were shown, on each surface. They are written as in docs/parity.md:
//
//	verb assign text         a person's verb, and how it was given
//	view line assigned       a post that the surface accepted
//	dialog Snooze            a form or window that was shown to a person
//	trouble archives         what happened to the surface
type deeds struct {
	mu  sync.Mutex
	all map[string]map[string]bool // by surface
}

func (d *deeds) add(surface string, words ...string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.all == nil {
		d.all = map[string]map[string]bool{}
	}
	if d.all[surface] == nil {
		d.all[surface] = map[string]bool{}
	}
	deed, _, _ := strings.Cut(strings.Join(words, " "), ": ") // the text after a colon differs between stories: "Found: maria"
	d.all[surface][strings.TrimSpace(deed)] = true
}

// list returns the deeds on a surface so far.
func (d *deeds) list(surface string) map[string]bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return maps.Clone(d.all[surface])
}

// watch wraps the surfaces of a Parley, so that they record what people do and what Parley posts.
func (d *deeds) watch(o *app.Options) {
	if o.Surfaces == nil {
		o.Surfaces = app.Surfaces()
	}
	o.Surfaces = slices.Clone(o.Surfaces)
	for i, spec := range o.Surfaces {
		o.Surfaces[i].New = func(e app.Env, so app.SurfaceOptions) (bridge.Surface, error) {
			s, err := spec.New(e, so)
			return &watchedSurface{Surface: s, kind: spec.Kind, deeds: d}, err
		}
	}
}

// watchedSurface records what people did and what Parley posted.
type watchedSurface struct {
	bridge.Surface
	kind  string
	deeds *deeds
}

// Decode implements bridge.Surface.
func (s *watchedSurface) Decode(raw []byte) ([]bridge.Action, error) {
	actions, err := s.Surface.Decode(raw)
	for _, a := range actions {
		if a.Actor.Kind == bridge.ActorPerson {
			s.deeds.add(s.kind, "verb", string(a.Verb), string(a.Origin))
		}
	}
	return actions, err
}

// Send implements bridge.Surface.
func (s *watchedSurface) Send(ctx context.Context, p bridge.Post) (bridge.Sent, error) {
	sent, err := s.Surface.Send(ctx, p)
	if err != nil {
		return sent, err
	}
	switch {
	case p.Line != nil && p.Line.Kind() == bridge.LineTemplate && p.Line.Verb == bridge.VerbTemplates:
		// Left out: a provider's verdict on a template may come during any story with phones, or after its end.
	case p.Kind == bridge.PostMark:
		s.deeds.add(s.kind, "view mark", string(p.Mark))
	case p.Kind == bridge.PostEphemeral && p.Line != nil:
		s.deeds.add(s.kind, "view whisper", string(p.Line.Kind()))
	case p.Line != nil:
		s.deeds.add(s.kind, "view line", string(p.Line.Kind()))
	default:
		s.deeds.add(s.kind, "view", string(p.Kind))
	}
	return sent, nil
}

// HidesGaps implements bridge.GapHider.
func (s *watchedSurface) HidesGaps(channel string) bool {
	hider, ok := s.Surface.(bridge.GapHider)
	return ok && hider.HidesGaps(channel)
}

// chronicle collects the deeds of stories that ended well. The claims of docs/parity.md are in testdata/parity: each line
// has a deed and the story that did it. A story fails if it no longer does what is claimed of it.
type chronicle struct {
	t       *testing.T
	surface string
	file    string

	mu      sync.Mutex
	stories map[string]map[string]bool
}

func chronicleFile(surface string) string { return filepath.Join("testdata", "parity", surface+".txt") }

// newChronicle returns a chronicle for a surface. With -update, its file is written when the test ends.
func newChronicle(t *testing.T, surface string) *chronicle {
	t.Helper()
	c := &chronicle{t: t, surface: surface, file: chronicleFile(surface), stories: map[string]map[string]bool{}}
	t.Cleanup(c.close)
	return c
}

// record keeps what a story did that ended well, and returns the deeds that are claimed of it and that it didn't do.
func (c *chronicle) record(story string, done map[string]bool) (wrong []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stories[story] = done
	for deed, by := range claims(c.t, c.file) {
		if by == story && !isDone(deed, done) && !golden.Updating() {
			wrong = append(wrong, deed)
		}
	}
	slices.Sort(wrong)
	return wrong
}

// isDone reports whether a story did a deed. A text that was typed while Parley read the channel may have been found there
// before the chat delivered its event. It counts as typed.
func isDone(deed string, done map[string]bool) bool {
	verb, way, _ := strings.Cut(strings.TrimPrefix(deed, "verb "), " ")
	isTyped := way == string(bridge.OriginText) || way == string(bridge.OriginMention)
	wasFound := done["verb "+verb+" "+string(bridge.OriginCatchUp)]
	return done[deed] || isTyped && wasFound
}

// claims reads a file of lines like "verb assign text: verbs" into a map from deeds to stories.
func claims(t *testing.T, file string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(file) //nolint:gosec // a file of testdata
	if err != nil && !(os.IsNotExist(err) && golden.Updating()) {
		t.Fatal(err)
	}
	list := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if deed, story, ok := strings.Cut(strings.TrimSpace(line), ": "); ok {
			list[deed] = story
		}
	}
	return list
}

// close logs the deeds that aren't claimed yet or, with -update, writes the claims.
func (c *chronicle) close() {
	list := claims(c.t, c.file)
	for deed, story := range list {
		file := filepath.Join("testdata", story+".txt")
		_, err := os.Stat(file)
		if done, known := c.stories[story]; err != nil || known && !done[deed] || !isTold(c.t, file, c.surface, true) {
			delete(list, deed)
		}
	}

	for _, story := range slices.Sorted(maps.Keys(c.stories)) {
		isInTest := isTold(c.t, filepath.Join("testdata", story+".txt"), c.surface, false)
		for deed := range c.stories[story] {
			// Claims prefer stories that are part of "make test" to those of "make soak".
			isForSoak := list[deed] != "" && !isTold(c.t, filepath.Join("testdata", list[deed]+".txt"), c.surface, false)
			if list[deed] == "" || isInTest && isForSoak {
				list[deed] = story
				if !golden.Updating() && testing.Verbose() {
					c.t.Logf("%s: %s isn't in docs/parity.md yet: run with -update", story, deed)
				}
			}
		}
	}

	if !golden.Updating() || c.t.Failed() {
		return
	}
	var b strings.Builder
	for _, deed := range slices.Sorted(maps.Keys(list)) {
		fmt.Fprintf(&b, "%s: %s\n", deed, list[deed])
	}
	must(c.t, os.MkdirAll(filepath.Dir(c.file), 0o755)) //nolint:gosec // read by everybody
	must(c.t, os.WriteFile(c.file, []byte(b.String()), 0o644))
	checkParity(c.t)
}

// watchStory returns a function that records a story's deeds, if its variant has a chronicle. It must be called while the
// story's Parley still runs.
func (s *stage) watchStory(c *chronicle, script testscript.T) (end func()) {
	return func() {
		story, ok := script.(testing.TB) // it has more methods than testscript.T says
		if !ok {
			s.t.Error("testscript doesn't tell how a story ended")
			return
		}
		if c == nil || story.Failed() || story.Skipped() {
			return
		}
		name := story.Name()[strings.LastIndex(story.Name(), "/")+1:]
		// The effects of a story's last steps may be late. Its Parley runs until they are seen.
		_ = s.until("the story's deeds are seen", func() (bool, error) { return len(c.record(name, s.deeds.list(c.surface))) == 0, nil })
		for _, deed := range c.record(name, s.deeds.list(c.surface)) {
			story.Errorf("docs/parity.md claims of this story, on %s: %s. It no longer does that; run with -update", c.surface, deed)
		}
	}
}
