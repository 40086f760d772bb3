package setup

import (
	"context"
	"slices"
	"strings"
	"testing"

	"parley/store"
	"parley/store/blob"
)

// album is a SignatureReader of which "<" begins HTML with the pictures that stand in it, in brackets.
type album map[string]string // content by where it is

func (a album) Read(source string) (SignatureText, error) {
	if !strings.HasPrefix(source, "<") {
		return SignatureText{Markdown: source}, nil
	}
	t := SignatureText{Markdown: "text of " + source, HTML: "html of " + source}
	for rest := source; ; {
		_, after, found := strings.Cut(rest, "[")
		if !found {
			return t, nil
		}
		var from string
		from, rest, _ = strings.Cut(after, "]")
		t.Pictures = append(t.Pictures, PictureInText{Address: from, ContentID: "id-" + from})
	}
}

func (a album) Picture(_ context.Context, from string) (Picture, error) {
	if content, ok := a[from]; ok {
		return Picture{Name: from, ContentType: "image/png", Content: []byte(content), IsInline: from == "own"}, nil
	}
	return Picture{}, &SignatureError{What: "the picture " + from + " can't be opened", Hint: "Write its path."}
}

// A signature's pictures are kept with it, once and for good. Applying the same again changes
// nothing; a picture that changed does; one that can't be had any more stays; one that never could
// be had is a fault.
//
//
func TestSignatures(t *testing.T) {
	t.Parallel()
	o := options(t)
	pictures := album{"logo.png": "the logo", "own": "in itself"}
	o.Signatures = pictures
	pool := acmeApplied(t, o)
	const file = "agents: [{email: ann@acme.test, signature: '<p>Ann [logo.png]'}]\naccounts: [{name: home-loft, signature: '<p>[logo.png] [own]'}]"
	if got := apply(t, pool, file, o); len(got.Changes) < 2 || !strings.Contains(got.Text(), "logo.png (8 bytes") {
		t.Errorf("changes:\n%s", got.Text())
	}
	d := directory(t, pool)
	ann := d.Agents[slices.IndexFunc(d.Agents, func(a store.Agent) bool { return a.Email == "ann@acme.test" })]
	loft := accountNamed(t, pool, "home-loft")
	if ann.Signature != "text of <p>Ann [logo.png]" || ann.RichSignature == nil || loft.RichSignature == nil || len(loft.RichSignature.Pictures) != 2 {
		t.Fatalf("kept are %+v and %+v", ann, loft)
	}
	logo := loft.RichSignature.Pictures[0]
	if logo != ann.RichSignature.Pictures[0] || logo.ContentID != "id-logo.png" || loft.RichSignature.Pictures[1].From != "" {
		t.Errorf("the pictures are %+v and %+v", loft.RichSignature.Pictures, ann.RichSignature.Pictures)
	}
	if content, err := blob.Get(t.Context(), pool, nil, logo.Blob); err != nil || string(content) != "the logo" {
		t.Errorf("the picture is %q, %v", content, err)
	}
	var used int
	if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM uploads WHERE used AND picture`).Scan(&used); err != nil || used != 2 {
		t.Errorf("%d pictures are kept for good, %v", used, err)
	}
	if got := apply(t, pool, file, o); len(got.Changes) > 0 {
		t.Errorf("the same again changes\n%s", got.Text())
	}
	pictures["logo.png"] = "another"
	if got := apply(t, pool, file, o); len(got.Changes) != 2 {
		t.Errorf("another picture changes\n%s", got.Text())
	}
	delete(pictures, "logo.png")
	out, err := Export(t.Context(), pool, specs())
	if err != nil || !strings.Contains(string(out), "<p>Ann [logo.png]") {
		t.Fatalf("exported:\n%s\n%v", out, err)
	}
	if got := apply(t, pool, file, o); len(got.Changes) > 0 || !strings.Contains(strings.Join(got.Remarks, "\n"), "logo.png can't be opened. Write its path. The picture that was taken from there before stays.") {
		t.Errorf("without the file:\n%s", got.Text())
	}
	fault := refused(t, pool, "accounts: [{name: home-loft, signature: '<p>[new.png]'}]", o)
	if !strings.Contains(fault, "account home-loft: signature: the picture new.png can't be opened. Write its path.") {
		t.Errorf("the fault is %s", fault)
	}
	if fault := refused(t, pool, "accounts: [{name: home-loft, signature: '<p>[1][2][3][4][5][6]'}]", o); !strings.Contains(fault, "has 6 pictures. Keep at most 5") {
		t.Errorf("the fault is %s", fault)
	}
	if _, err := pool.Exec(t.Context(), `UPDATE uploads SET created_at = created_at - interval '1 year'`); err != nil {
		t.Fatal(err)
	}
	apply(t, pool, "agents: [{email: ann@acme.test, signature: ''}]", o)
	if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM uploads WHERE created_at > now() - interval '1 day'`).Scan(&used); err != nil || used != 2 {
		t.Errorf("of %d pictures it is noted that they were shown until now, %v", used, err)
	}
	if d := directory(t, pool); d.Agents[0].Signature != "" || d.Agents[0].RichSignature != nil {
		t.Errorf("cleared, it is %+v", d.Agents[0])
	}
}
