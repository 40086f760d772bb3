package fact

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"parley/bridge"
)

// changed is the event of an edit, with the message as it is now and as it was before.
func changed(now, before string) string {
	return `{"type":"message","subtype":"message_changed","channel":"C1","event_ts":"1700000009.000000","message":` + now + `,"previous_message":` + before + `}`
}

// version is a message as it stands in an edit's event. more are fields in front of the text.
func version(more, text string) string {
	return fmt.Sprintf(`{"type":"message","user":"UANN","ts":"1700000002.000200","thread_ts":"1700000001.000100","parent_user_id":"UBOT",%s"text":%q}`, more, text)
}

// toldAt moves the time at which an edit is told.
func toldAt(event, stamp string) string { return strings.Replace(event, "1700000009.000000", stamp, 1) }

// When a message was edited, which Slack tells in seconds: at one second, and at the next.
const (
	edited5 = `"edited":{"user":"UANN","ts":"1700000005.000000"},`
	edited6 = `"edited":{"user":"UANN","ts":"1700000006.000000"},`
)

func TestDecodeEdits(t *testing.T) {
	t.Parallel()
	old := version("", "old")

	t.Run("1 edit", func(t *testing.T) {
		t.Parallel()
		ids, as := actionsOf(t, changed(version(edited5, "new"), old))
		if len(as) != 1 {
			t.Fatalf("got the actions %+v, want one", as)
		}
		wantEqual(t, "verb", as[0].Verb, bridge.VerbEdit)
		wantEqual(t, "text", as[0].Text, "new")
		wantEqual(t, "version", as[0].Version, "1700000005.000000+1700000009.000000")
		if want := "e:C1:1700000002.000200:"; !strings.HasPrefix(ids[0], want) {
			t.Errorf("the fact is %q, want it to begin with %q", ids[0], want)
		}
	})
	t.Run("1 edit back to earlier words is another fact", func(t *testing.T) {
		t.Parallel()
		first, _ := actionsOf(t, changed(version(edited5, "x"), version("", "y")))
		back, _ := actionsOf(t, changed(version(edited6, "x"), version(edited5, "z")))
		if first[0] == back[0] {
			t.Errorf("both edits are the fact %s", first[0])
		}
	})
	t.Run("edits in one second are in order", func(t *testing.T) {
		t.Parallel()
		later := toldAt(changed(version(edited5, "third"), version(edited5, "second")), "1700000009.000100")
		inHistory := strings.Replace(changed(version(edited5, "fourth"), version(edited5, "third")), `"event_ts":"1700000009.000000",`, "", 1)
		var versions []string
		for _, event := range []string{
			changed(version(edited5, "second"), version("", "first")), later, inHistory, changed(version(edited6, "last"), version(edited5, "fourth")),
		} {
			_, as := actionsOf(t, event)
			versions = append(versions, as[0].Version)
		}
		if !slices.IsSorted(versions) || len(slices.Compact(slices.Clone(versions))) != len(versions) {
			t.Errorf("the versions are %q, want each greater than the one before", versions)
		}
	})
	t.Run("edits in one second are facts of their own, also one back to earlier words", func(t *testing.T) {
		t.Parallel()
		known := map[string]bool{}
		for n, event := range []string{
			changed(version(edited5, "second"), version("", "first")),
			toldAt(changed(version(edited5, "third"), version(edited5, "second")), "1700000009.000100"),
			toldAt(changed(version(edited5, "second"), version(edited5, "third")), "1700000009.000200"),
		} {
			ids, _ := actionsOf(t, event)
			if !slices.ContainsFunc(ids, func(id string) bool { return !known[id] }) {
				t.Errorf("edit %d is the facts %v, want one that is new", n+1, ids)
			}
			if again, _ := actionsOf(t, event); !slices.Equal(ids, again) {
				t.Errorf("edit %d is the facts %v, told again %v, want the same", n+1, ids, again)
			}
			inHistory, _ := actionsOf(t, strings.Replace(toldAt(event, ""), `,"previous_message":{`, `,"other":{`, 1))
			if len(inHistory) != 1 || !slices.Contains(ids, inHistory[0]) {
				t.Errorf("edit %d is the facts %v, in history %v, want one of them", n+1, ids, inHistory)
			}
			for _, id := range ids {
				known[id] = true
			}
		}
	})
	t.Run("35 edit into a note", func(t *testing.T) {
		t.Parallel()
		_, as := actionsOf(t, changed(version(edited5, "note: he is rude"), version("", "Dear customer")))
		wantEqual(t, "actions", len(as), 1)
		wantEqual(t, "verb", as[0].Verb, bridge.VerbEdit)
		wantEqual(t, "marker", as[0].Marker, bridge.MarkNote)
	})
	t.Run("3 a link that Slack unfurls is no edit", func(t *testing.T) {
		t.Parallel()
		wantNoFact(t, changed(version(`"attachments":[{"id":1}],`, "see https://x.test"), version("", "see https://x.test")))
	})
	t.Run("3 nor is it one after an edit", func(t *testing.T) {
		t.Parallel()
		wantNoFact(t, changed(version(`"attachments":[{"id":1}],`+edited5, "x"), version(edited5, "x")))
	})
	t.Run("our own card that changes is no edit", func(t *testing.T) {
		t.Parallel()
		own := `{"type":"message","user":"UBOT","bot_id":"BBOT","app_id":"ABOT","ts":"1700000001.000100","text":"card"}`
		wantNoFact(t, changed(own, own))
	})
}

// A file that is removed from a message stays in it as deleted.
func TestDecodeRemovedFiles(t *testing.T) {
	t.Parallel()
	for name, event := range map[string]string{
		"the only one": changed(version(`"files":[{"id":"F1","name":"a.pdf","mode":"tombstone"}],`, "see"), version(`"files":[{"id":"F1","name":"a.pdf","mode":"hosted"}],`, "see")),
		"one of two":   changed(version(`"files":[{"id":"F1","mode":"tombstone"}],`, "x"), version(`"files":[{"id":"F1"},{"id":"F2"}],`, "x")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, as := actionsOf(t, event)
			wantEqual(t, "actions", len(as), 1)
			wantEqual(t, "verb", as[0].Verb, bridge.VerbEdit)
			wantEqual(t, "files", len(as[0].Files), 1)
			wantEqual(t, "why it can't be had", as[0].Files[0].Unavailable, "deleted")
		})
	}
}

// Files are removed one after the other, which Slack dates nowhere: each removal is a fact of its own, and the same one in whichever
// order Slack lists the files.
func TestRemovalsAreFactsOfTheirOwn(t *testing.T) {
	t.Parallel()
	const a, b = `{"id":"F1"}`, `{"id":"F2"}`
	const noA, noB = `{"id":"F1","mode":"tombstone"}`, `{"id":"F2","mode":"tombstone"}`
	id := func(now, before string) string {
		ids, _ := actionsOf(t, changed(version(`"files":[`+now+`],`, "x"), version(`"files":[`+before+`],`, "x")))
		if len(ids) != 1 {
			t.Fatalf("the removal is the facts %v, want one", ids)
		}
		return ids[0]
	}
	first, second := id(noA+","+b, a+","+b), id(noA+","+noB, noA+","+b)
	if first == second {
		t.Errorf("both removals are the fact %s", first)
	}
	wantEqual(t, "fact of the first one in another order", id(b+","+noA, a+","+b), first)
}

func TestDecodeDeletions(t *testing.T) {
	t.Parallel()
	t.Run("7 a root with replies becomes a tombstone", func(t *testing.T) {
		t.Parallel()
		tombstone := `{"type":"message","subtype":"tombstone","user":"USLACKBOT","ts":"1700000001.000100","thread_ts":"1700000001.000100","text":"This message was deleted."}`
		before := `{"type":"message","user":"UBOT","bot_id":"BBOT","ts":"1700000001.000100","thread_ts":"1700000001.000100","text":"card"}`
		id, a := oneAction(t, changed(tombstone, before))
		wantEqual(t, "id of the fact", id, "d:C1:1700000001.000100")
		wantEqual(t, "verb", a.Verb, bridge.VerbDelete)
		wantEqual(t, "place", a.Place, bridge.Place{Channel: "C1", Message: "1700000001.000100"})
		wantEqual(t, "kind of the actor", a.Actor.Kind, bridge.ActorSelf)
	})
	t.Run("2 a reply", func(t *testing.T) {
		t.Parallel()
		id, a := oneAction(t, `{"type":"message","subtype":"message_deleted","channel":"C1","ts":"1700000009.000000","deleted_ts":"1700000002.000200",`+
			`"previous_message":`+version("", "x")+`}`)
		wantEqual(t, "id of the fact", id, "d:C1:1700000002.000200")
		wantEqual(t, "verb", a.Verb, bridge.VerbDelete)
		wantEqual(t, "thread", a.Place.Thread, "1700000001.000100")
		wantEqual(t, "message", a.Place.Message, "1700000002.000200")
		wantEqual(t, "actor", a.Actor.ID, "UANN")
	})
}
