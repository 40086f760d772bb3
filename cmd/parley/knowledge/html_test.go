package knowledge

import (
	"slices"
	"testing"
)

// What is part of a page's text is found however sites build their pages, and what repeats on each of them isn't.
func TestSectionsOfHTML(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		page string
		want []string // titles of the sections, with their texts
	}{
		{
			name: "the title of a picture isn't that of the page",
			page: `<title>Returns</title><svg><title>Menu</title></svg><p>Send it back.</p>`,
			want: []string{"Returns", "Send it back."},
		},
		{
			name: "the heading of an article stands in a header of its own",
			page: `<title>Acme</title><header><h1>Acme help</h1></header>` +
				`<main><article><header><h1>Returns</h1></header><p>Send it back.</p><h2>Deadlines</h2><p>30 days.</p></article></main>`,
			want: []string{"Returns", "Send it back.", "Returns: Deadlines", "30 days."},
		},
		{
			name: "a form around the whole page, as ASP.NET makes it",
			page: `<title>Acme</title><form><input name="q"><nav>Menu</nav><h1>Returns</h1><p>Send it back.</p></form>`,
			want: []string{"Returns", "Send it back."},
		},
		{
			name: "a form within the page",
			page: `<title>Acme</title><h1>Returns</h1><p>Send it back.</p><form><p>Was this helpful?</p><button>Yes</button></form>`,
			want: []string{"Returns", "Send it back."},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			doc := readHTML(tt.page)
			var got []string
			for _, s := range cutSections(doc.title, doc.text) {
				got = append(got, s.Title, s.Body)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("the sections are %q, want %q", got, tt.want)
			}
		})
	}
}
