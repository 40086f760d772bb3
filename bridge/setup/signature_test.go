package setup

import (
	"context"
	"slices"
	"strings"
	"testing"

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
