package demo

import (
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
)

// addKnowledgeSite lets a web site of the company say something, from which Parley may draw once it starts.
func (s *stage) addKnowledgeSite(title, text string) {
	pages := http.NewServeMux()
	pages.HandleFunc("GET /help/{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(`<html><body><a href="/help/returns">More</a></body></html>`))
	})
	pages.HandleFunc("GET /help/returns", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = fmt.Fprintf(w, `<html lang="en"><head><title>%s</title></head><body><h1>%[1]s</h1><p>%s</p></body></html>`,
			html.EscapeString(title), html.EscapeString(text))
	})
	site := httptest.NewServer(pages)
	s.t.Cleanup(site.Close)
	s.extra += fmt.Sprintf("knowledge:\n  - url: %s/help/\n", site.URL)
	s.taught = true
}

// untilSiteIsRead waits until a Parley that was told of a site has read it.
func (s *stage) untilSiteIsRead() error {
	if !s.taught {
		return nil
	}
	return s.until("the company's site is read", func() (found bool, err error) {
		err = s.db.Pool.QueryRow(s.ctx, `SELECT EXISTS (SELECT FROM knowledge_sections WHERE address LIKE '%/help/returns')`).Scan(&found)
		return found, err
	})
}
