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

// assets are the stylesheet, the script and the icon. Their addresses contain a hash of their content, so that browsers may
// cache them until a new version of Parley has others.
type assets struct {
	content map[string][]byte // by the name in the address
	names   map[string]string // the name in the address, by the name of the file
}

func newAssets() *assets {
	a := &assets{content: map[string][]byte{}, names: map[string]string{}}
	entries, _ := assetFiles.ReadDir("assets") // embedded: it is there
	for _, e := range entries {
		body, _ := assetFiles.ReadFile("assets/" + e.Name())
		sum := sha256.Sum256(body)
		ext := path.Ext(e.Name())
		version := hex.EncodeToString(sum[:6]) // long enough to differ between versions of a file
		name := strings.TrimSuffix(e.Name(), ext) + "." + version + ext
		a.content[name] = body
		a.names[e.Name()] = name
	}
	return a
}

// Path returns the address of a file, for templates.
func (a *assets) Path(file string) (string, error) {
	if name := a.names[file]; name != "" {
		return assetPath + name, nil
	}
	return "", fmt.Errorf("web: there is no %s", file)
}

// ServeHTTP answers with a file.
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

	_, _ = w.Write(body) // an error means that the browser went away
}
