package setup

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/blob"
)

// album is a SignatureReader with pictures by their names. A signature that begins with "<" is HTML, in which a name
// in brackets is a picture: "<p>Ann [logo.png]". The bytes of the picture "own" are part of the HTML itself.
type album map[string]string

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
		var name string
		name, rest, _ = strings.Cut(after, "]")
		t.Pictures = append(t.Pictures, PictureInText{Address: name, ContentID: "id-" + name})
	}
}

func (a album) Picture(_ context.Context, name string) (Picture, error) {
	content, ok := a[name]
	if !ok {
		return Picture{}, &SignatureError{What: "the picture " + name + " can't be opened", Hint: "Write its path."}
	}
	return Picture{Name: name, ContentType: "image/png", Content: []byte(content), IsInline: name == "own"}, nil
}

// signed is a file in which Ann's signature and that of the account home-loft both show the logo and a picture of
// their own.
const signed = `
agents:
  - {email: ann@acme.test, signature: '<p>Ann [logo.png] [ann.png]'}
accounts:
  - {name: home-loft, signature: '<p>[logo.png] [own]'}
`

// albumOf returns options whose signatures read their pictures from an album, and that album. It has the logo, Ann's
// picture, and the picture "own".
func albumOf(t *testing.T) (Options, album) {
	t.Helper()
	pictures := album{"logo.png": "the logo", "ann.png": "Ann", "own": "in itself"}
	o := options(t)
	o.Signatures = pictures
	return o, pictures
}

// applySigned returns a database to which acme and then signed were applied, the options that were used, and their album.
func applySigned(t *testing.T) (*pgxpool.Pool, Options, album) {
	t.Helper()
	o, pictures := albumOf(t)
	pool := acmeApplied(t, o)
	apply(t, pool, signed, o)
	return pool, o, pictures
}

// agentAnn reads the agent Ann.
func agentAnn(t *testing.T, pool *pgxpool.Pool) store.Agent {
	t.Helper()
	agents := directory(t, pool).Agents
	i := slices.IndexFunc(agents, func(a store.Agent) bool { return a.Email == "ann@acme.test" })
	if i < 0 {
		t.Fatalf("Ann is not among the agents %+v", agents)
	}
	return agents[i]
}

// countUploads counts the uploads for which an SQL condition holds.
func countUploads(t *testing.T, pool *pgxpool.Pool, condition string) (n int) {
	t.Helper()
	check(t, pool.QueryRow(t.Context(), `SELECT count(*) FROM uploads WHERE `+condition).Scan(&n))
	return n
}

// Applying a file lists its new signatures as changes, with the sizes of their pictures.
// Requirement R-176: Signatures.
// Requirement R-177: Signatures of accounts and of people.
func TestSignatureIsListedAsAChange(t *testing.T) {
	t.Parallel()
	o, _ := albumOf(t)
	pool := acmeApplied(t, o)
	got := apply(t, pool, signed, o)
	if len(got.Changes) < 2 {
		t.Errorf("got %d changes, want one of each signature at least:\n%s", len(got.Changes), got.Text())
	}
	if want := "logo.png (8 bytes"; !strings.Contains(got.Text(), want) {
		t.Errorf("the changes don't tell %q:\n%s", want, got.Text())
	}
}

// A signature is stored as text and as HTML with its pictures. Signatures that show the same picture share one blob,
// a stored file. A picture that is part of the HTML can't be read again from elsewhere.
// Requirement R-176: Signatures.
// Requirement R-177: Signatures of accounts and of people.
func TestSignatures(t *testing.T) {
	t.Parallel()
	pool, _, _ := applySigned(t)
	ann, loft := agentAnn(t, pool), accountNamed(t, pool, "home-loft")
	if got, want := ann.Signature, "text of <p>Ann [logo.png] [ann.png]"; got != want {
		t.Errorf("Ann's signature as text: got %q, want %q", got, want)
	}
	if ann.RichSignature == nil {
		t.Fatal("Ann has no signature as HTML")
	}
	if loft.RichSignature == nil {
		t.Fatal("home-loft has no signature as HTML")
	}

	annPictures, loftPictures := ann.RichSignature.Pictures, loft.RichSignature.Pictures
	if len(annPictures) != 2 {
		t.Fatalf("Ann's pictures: got %+v, want the logo and her own", annPictures)
	}
	if len(loftPictures) != 2 {
		t.Fatalf("home-loft's pictures: got %+v, want the logo and its own", loftPictures)
	}

	logo, own := loftPictures[0], loftPictures[1]
	if annPictures[0] != logo {
		t.Errorf("Ann's logo: got %+v, want that of home-loft, %+v", annPictures[0], logo)
	}
	if want := "id-logo.png"; logo.ContentID != want {
		t.Errorf("content ID of the logo: got %q, want %q", logo.ContentID, want)
	}
	if own.From != "" {
		t.Errorf("home-loft's own picture was read from %q, want no place", own.From)
	}

	content := must(blob.Get(t.Context(), pool, nil, logo.Blob))(t)
	if got, want := string(content), "the logo"; got != want {
		t.Errorf("content of the logo: got %q, want %q", got, want)
	}
}

// The pictures of signatures are kept for good, and marked as pictures. Retention removes other uploads that no
// message uses.
// Requirement R-176: Signatures.
// Requirement R-177: Signatures of accounts and of people.
func TestPicturesOfSignaturesAreKept(t *testing.T) {
	t.Parallel()
	pool, _, _ := applySigned(t)
	if got := countUploads(t, pool, `used AND picture`); got != 3 {
		t.Errorf("%d pictures are kept for good, want the logo, Ann's own and home-loft's own", got)
	}
}

// Requirement R-176: Signatures.
// Requirement R-177: Signatures of accounts and of people.
func TestSameSignatureChangesNothing(t *testing.T) {
	t.Parallel()
	pool, o, _ := applySigned(t)
	if got := apply(t, pool, signed, o); len(got.Changes) > 0 {
		t.Errorf("the same file applied again: got %d changes, want none:\n%s", len(got.Changes), got.Text())
	}
}

// If a picture has other content under the same name, each signature that shows it changes.
// Requirement R-176: Signatures.
// Requirement R-177: Signatures of accounts and of people.
func TestChangedPictureChangesSignatures(t *testing.T) {
	t.Parallel()
	pool, o, pictures := applySigned(t)
	pictures["logo.png"] = "another"
	if got := apply(t, pool, signed, o); len(got.Changes) != 2 {
		t.Errorf("with another logo: got %d changes, want one of each signature:\n%s", len(got.Changes), got.Text())
	}
}

// If a picture was read once and can't be read any more, it stays in its signatures. A remark says so, and an export
// has the signature as it was written.
// Requirement R-176: Signatures.
// Requirement R-177: Signatures of accounts and of people.
func TestVanishedPictureStays(t *testing.T) {
	t.Parallel()
	pool, o, pictures := applySigned(t)
	delete(pictures, "logo.png")
	exported := must(Export(t.Context(), pool, specs()))(t)
	if want := "<p>Ann [logo.png]"; !strings.Contains(string(exported), want) {
		t.Errorf("the export doesn't have %q:\n%s", want, exported)
	}

	got := apply(t, pool, signed, o)
	if len(got.Changes) > 0 {
		t.Errorf("without the logo's file: got %d changes, want none:\n%s", len(got.Changes), got.Text())
	}
	const want = "logo.png can't be opened. Write its path. The picture that was taken from there before stays."
	if remarks := strings.Join(got.Remarks, "\n"); !strings.Contains(remarks, want) {
		t.Errorf("without the logo's file: the remarks don't tell %q:\n%s", want, remarks)
	}
}

// A signature is refused if its pictures can't be read or are too many.
// Requirement R-176: Signatures.
// Requirement R-177: Signatures of accounts and of people.
func TestSignatureIsRefused(t *testing.T) {
	t.Parallel()
	o, _ := albumOf(t)
	pool := acmeApplied(t, o)
	tests := []struct {
		name      string
		signature string
		fault     string
	}{
		{
			name:      "a picture that could never be read",
			signature: "<p>[new.png]",
			fault:     "account home-loft: signature: the picture new.png can't be opened. Write its path.",
		},
		{name: "a picture more than allowed", signature: "<p>[1][2][3][4][5][6]", fault: "has 6 pictures. Keep at most 5"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file := "accounts: [{name: home-loft, signature: '" + tt.signature + "'}]"
			if got := refused(t, pool, file, o); !strings.Contains(got, tt.fault) {
				t.Errorf("signature %q: got the fault %q, want %q in it", tt.signature, got, tt.fault)
			}
		})
	}
}

// clearAnns is a file that takes Ann's signature away.
const clearAnns = `agents: [{email: ann@acme.test, signature: ''}]`

// Requirement R-176: Signatures.
// Requirement R-177: Signatures of accounts and of people.
func TestClearedSignatureIsGone(t *testing.T) {
	t.Parallel()
	pool, o, _ := applySigned(t)
	apply(t, pool, clearAnns, o)
	ann := agentAnn(t, pool)
	if ann.Signature != "" {
		t.Errorf("Ann's signature as text: got %q, want none", ann.Signature)
	}
	if ann.RichSignature != nil {
		t.Errorf("Ann's signature as HTML: got %+v, want none", *ann.RichSignature)
	}
}

// When signatures change, Parley notes for the pictures that were shown until now that they were, so that they stay
// for another month. It doesn't note that again for a picture that was replaced long ago.
// Requirement R-176: Signatures.
// Requirement R-177: Signatures of accounts and of people.
func TestPicturesAreNotedWhenLastShown(t *testing.T) {
	t.Parallel()
	pool, o, pictures := applySigned(t)
	pictures["logo.png"] = "another"
	apply(t, pool, signed, o)
	if got := countUploads(t, pool, `true`); got != 4 {
		t.Fatalf("there are %d pictures, want the former logo, the other one, Ann's own and home-loft's own", got)
	}

	must(pool.Exec(t.Context(), `UPDATE uploads SET created_at = created_at - interval '1 year'`))(t)
	apply(t, pool, clearAnns, o)
	if got := countUploads(t, pool, `created_at > now() - interval '1 day'`); got != 3 {
		t.Errorf("of %d pictures it is noted that they were shown until now, want the other logo, Ann's own and home-loft's own", got)
	}
}

// timekeeper notes until when a chat may answer, and until when a picture may be read.
type timekeeper struct {
	workspace
	album
	answerBy, readBy time.Time
}

func (k *timekeeper) Find(ctx context.Context, kind, email string) (store.SurfaceUser, error) {
	k.answerBy, _ = ctx.Deadline()
	return k.workspace.Find(ctx, kind, email)
}

func (k *timekeeper) Picture(ctx context.Context, name string) (Picture, error) {
	k.readBy, _ = ctx.Deadline()
	return k.album.Picture(ctx, name)
}

// The time in which the pictures of signatures are read begins after the chat was asked. So a chat that answers
// slowly doesn't shorten it.
func TestPicturesHaveTimeOfTheirOwn(t *testing.T) {
	t.Parallel()
	o, pictures := albumOf(t)
	k := &timekeeper{album: pictures}
	o.Signatures, o.Lookup = k, k
	apply(t, acmeApplied(t, options(t)), "agents: [{email: joe@acme.test, name: Joe, signature: '<p>[logo.png]'}]", o)
	isLimited := !k.answerBy.IsZero() && !k.readBy.IsZero()
	if !isLimited {
		t.Fatalf("the chat may answer until %v and a picture be read until %v, want limits", k.answerBy, k.readBy)
	}
	if !k.readBy.After(k.answerBy) {
		t.Errorf("pictures may be read until %v, want later than %v, until when the chat may answer", k.readBy, k.answerBy)
	}
}
