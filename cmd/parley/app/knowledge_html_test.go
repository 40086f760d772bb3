package app

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
			name: "a form around the whole page, as ASP.NET makes it",
			page: `<title>Acme</title><form><input name="q"><nav>Menu</nav><h1>Returns</h1><p>Send it back.</p></form>`,
			want: []string{"Returns", "Send it back."},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			title, text := readHTML(tt.page)
			var got []string
			for _, s := range cutSections(title, text) {
				got = append(got, s.Title, s.Body)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("the sections are %q, want %q", got, tt.want)
			}
		})
	}
}
