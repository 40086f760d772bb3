package teams

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/channels"
)

// How an agent meets a file in Teams.
const (
	metPicture = "picture"
	metLink    = "link"
	metWord    = "word"
)

// TestEveryFileIsMet: whatever a customer sends, of each kind and size, the agent sees as a
// picture, is led to, or is told why not; a picture that had to be made smaller is led to as well.
//
func TestEveryFileIsMet(t *testing.T) {
	t.Parallel()
	w, _, root, _ := talk(t)
	png := func(width, height, size int) []byte { return padded(encoded(t, "png", width, height), size) }
	jpeg := func(width, height, size int) []byte { return padded(encoded(t, "jpeg", width, height), size) }
	for _, c := range []struct {
		name, kind string
		data       []byte
		met        string // how, when there are links
		unlinked   string // how, when this Parley has no public address; "" means likewise
	}{
		{"photo.png", "image/png", png(200, 150, 0), metPicture, ""},
		{"edge.png", "image/png", png(1024, 1024, 0), metPicture, ""},
		{"wide.png", "image/png", png(1025, 10, 0), metPicture + " " + metLink, metPicture + " " + metWord},
		{"high.png", "image/png", png(10, 1025, 0), metPicture + " " + metLink, metPicture + " " + metWord},
		{"screen.png", "image/png", png(1440, 900, 0), metPicture + " " + metLink, metPicture + " " + metWord},
		{"full.png", "image/png", png(64, 64, maxPictureBytes), metPicture, ""},
		{"over.png", "image/png", png(64, 64, maxPictureBytes+1), metPicture + " " + metLink, metPicture + " " + metWord},
		{"phone.jpg", "image/jpeg", jpeg(1600, 1200, 0), metPicture + " " + metLink, metPicture + " " + metWord},
		{"small.jpg", "image/jpeg", jpeg(640, 480, 0), metPicture, ""},
		{"heavy.jpg", "image/jpeg", jpeg(1600, 1200, 3<<20), metPicture + " " + metLink, metPicture + " " + metWord},
		{"shout.JPG", "IMAGE/JPEG", jpeg(640, 480, 0), metPicture, ""},
		{"mistaken.png", "image/png", jpeg(640, 480, 0), metPicture, ""},
		{"still.gif", "image/gif", encoded(t, "gif", 40, 30), metPicture + " " + metLink, metPicture + " " + metWord},
		{"moving.gif", "image/gif", encoded(t, "gif2", 40, 30), metPicture + " " + metLink, metPicture + " " + metWord},
		{"sticker.webp", "image/webp", webp(t), metPicture + " " + metLink, metPicture + " " + metWord},
		{"photo.heic", "image/heic", []byte("\x00\x00\x00\x18ftypheic"), metLink, metWord},
		{"drawing.svg", "image/svg+xml", []byte("<svg xmlns='http://www.w3.org/2000/svg'/>"), metLink, metWord},
		{"broken.png", "image/png", []byte("no picture"), metLink, metWord},
		{"cut.jpg", "image/jpeg", jpeg(1600, 1200, 0)[:3000], metLink, metWord},
		{"empty.png", "image/png", nil, metWord, ""},
		{"one.png", "image/png", []byte("x"), metLink, metWord},
		{"bomb.png", "image/png", pngHeader(t, 30000, 30000), metLink, metWord},
		{"plan.pdf", "application/pdf", []byte("%PDF-1.4"), metLink, metWord},
		{"empty.pdf", "application/pdf", nil, metWord, ""},
		{"one.bin", "application/octet-stream", []byte("x"), metLink, metWord},
		{"film.mp4", "video/mp4", make([]byte, 2*maxPictureBytes), metLink, metWord},
		{"unknown", "", []byte("?"), metLink, metWord},
	} {
		for _, linked := range []bool{true, false} {
			f := fileOf(c.name, c.kind, c.data)
			want := c.met
			if linked {
				f.Link = func() (string, error) { return "https://parley.test/files/" + c.name, nil }
			} else if c.unlinked != "" {
				want = c.unlinked
			}
			if got := w.meets(root, f); got != want {
				t.Errorf("%s (%d bytes), linked %v: the agent meets %q, want %q", c.name, len(c.data), linked, got, want)
			}
		}
	}
	w.noProblems()
}

// meets sends one file into a thread and says how agents meet it there.
func (w *world) meets(root string, f channels.File) string {
	w.t.Helper()
	before := len(w.fake.Thread(w.channel, root))
	p := bridge.Post{Kind: bridge.PostFiles, Token: f.Name, Attempt: 1, FirstAttemptAt: time.Now(), Place: bridge.Place{Channel: w.channel, Thread: root},
		Facts: sampleFacts(), Files: []channels.File{f}}
	for more := true; more; p.Part++ {
		sent, err := w.s.Send(within(w.t), p)
		must(w.t, err)
		more = sent.More
	}
	var met []string
	link := false
	for i, m := range w.fake.Thread(w.channel, root)[before:] {
		if i == 0 && !strings.Contains(m.Text, f.Name) {
			w.t.Errorf("the name of %s is missing: %s", f.Name, m.Text)
		}
		if len(m.Pictures) == 1 && m.Broken == "" {
			met = append(met, metPicture)
		}
		link = link || strings.Contains(m.HTML, `href="https://parley.test/files/`+f.Name)
		if strings.Contains(m.Text, "PARLEY_PUBLIC_URL") || strings.Contains(m.Text, "(0 bytes)") {
			met = append(met, metWord)
		}
	}
	if link {
		met = append(met, metLink)
	}
	if len(met) == 2 && met[1] == metPicture {
		met[0], met[1] = met[1], met[0]
	}
	return strings.Join(met, " ")
}

// TestCopyOfPhoto: the smaller copy keeps the photo's shape, its upright side and its colours.
func TestCopyOfPhoto(t *testing.T) {
	t.Parallel()
	upright := []byte("\xff\xe1\x00\x22Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00")
	plain := encoded(t, "jpeg", 2000, 1000)
	photo := append(append(bytes.Clone(plain[:2]), upright...), plain[2:]...)
	p, err := shrinkPicture(t.Context(), fileOf("a.jpg", "image/jpeg", photo))
	must(t, err)
	c, format, err := image.DecodeConfig(bytes.NewReader(p.data))
	if err != nil || format != "jpeg" || p.kind != "image/jpeg" || c.Width != 1024 || c.Height != 512 {
		t.Errorf("%s %s %d × %d, %v", p.kind, format, c.Width, c.Height, err)
	}
	if !bytes.Contains(p.data, upright) {
		t.Error("the side that is up got lost")
	}
	glass := image.NewNRGBA(image.Rect(0, 0, 1100, 10)) // nothing but transparency
	var b bytes.Buffer
	must(t, png.Encode(&b, glass))
	p, err = shrinkPicture(t.Context(), fileOf("a.png", "image/png", b.Bytes()))
	must(t, err)
	img, _, err := image.Decode(bytes.NewReader(p.data))
	must(t, err)
	if r, g, b, _ := img.At(500, 5).RGBA(); min(r, g, b) < 0xf000 {
		t.Errorf("transparency became %x %x %x", r, g, b)
	}
}

// TestSlowPicture: a picture that takes too long to read holds nobody up.
func TestSlowPicture(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := shrinkPicture(ctx, fileOf("a.jpg", "image/jpeg", encoded(t, "jpeg", 2000, 1000))); err == nil {
		t.Error("a copy was made although the time was over")
	}
}

// encoded is a picture with something to see.
func encoded(t *testing.T, format string, width, height int) []byte {
	t.Helper()
	palette := color.Palette{color.White, color.RGBA{R: 200, A: 255}}
	img := image.NewPaletted(image.Rect(0, 0, width, height), palette)
	for x := range width {
		img.SetColorIndex(x, x*height/width, 1)
	}
	var b bytes.Buffer
	var err error
	switch format {
	case "png":
		err = png.Encode(&b, img)
	case "jpeg":
		err = jpeg.Encode(&b, img, nil)
	case "gif":
		err = gif.Encode(&b, img, nil)
	case "gif2":
		err = gif.EncodeAll(&b, &gif.GIF{Image: []*image.Paletted{img, img}, Delay: []int{1, 1}})
	}
	must(t, err)
	return b.Bytes()
}

// padded is a picture with bytes behind its end, which readers of pictures pass over.
func padded(data []byte, size int) []byte {
	if len(data) >= size {
		return data
	}
	return append(data, make([]byte, size-len(data))...)
}

// pngHeader is a PNG that says to be of another size.
func pngHeader(t *testing.T, width, height uint32) []byte {
	t.Helper()
	data := encoded(t, "png", 1, 1)
	ihdr := data[12:29]
	binary.BigEndian.PutUint32(ihdr[4:], width)
	binary.BigEndian.PutUint32(ihdr[8:], height)
	binary.BigEndian.PutUint32(data[29:], crc32.ChecksumIEEE(ihdr))
	return data
}

// webp is a WebP of one pixel.
func webp(t *testing.T) []byte {
	t.Helper()
	data, err := base64.StdEncoding.DecodeString("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==")
	must(t, err)
	return data
}
