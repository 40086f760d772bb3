package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"net/http"
	"path"
	"strings"
)

const assetPath = "/settings/assets/"

//go:embed assets
var assetFiles embed.FS

// assets serves the embedded stylesheets, scripts and icons. Each URL contains a hash of the content, such as
// /settings/assets/site.0a1b2c3d4e5f.css, so browsers can cache it forever: a changed file gets another URL.
type assets struct {
	content map[string][]byte // by versioned name: "site.0a1b2c3d4e5f.css"
	names   map[string]string // versioned names by file name: "site.css"
}

func newAssets() *assets {
	a := &assets{content: map[string][]byte{}, names: map[string]string{}}
	entries, _ := assetFiles.ReadDir("assets") // can't fail: the directory is embedded
	for _, e := range entries {
		body, _ := assetFiles.ReadFile("assets/" + e.Name())
		sum := sha256.Sum256(body)
		ext := path.Ext(e.Name())
		version := hex.EncodeToString(sum[:6]) // 48 bits are enough to tell versions of a file apart
		name := strings.TrimSuffix(e.Name(), ext) + "." + version + ext
		a.content[name] = body
		a.names[e.Name()] = name
	}
	return a
}

// Path returns the URL path of a file such as "site.css". Templates call it.
func (a *assets) Path(file string) (string, error) {
	if name := a.names[file]; name != "" {
		return assetPath + name, nil
	}
	return "", fmt.Errorf("web: there is no %s", file)
}

func (a *assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	body, ok := a.content[name]
	if !ok {
		http.NotFound(w, r)
		return
	}

	h := w.Header()
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	switch path.Ext(name) {
	case ".css":
		h.Set("Content-Type", "text/css; charset=utf-8")
	case ".js":
		h.Set("Content-Type", "text/javascript; charset=utf-8")
	case ".svg":
		h.Set("Content-Type", "image/svg+xml")
	}

	_, _ = w.Write(body) // an error means that the browser has disconnected
}
