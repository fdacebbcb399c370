package interop

import (
	"bytes"
	"context"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// screenshots returns the folder that pictures of the page are saved in.
func screenshots(t *testing.T) string {
	t.Helper()
	folder := os.Getenv("PARLEY_SCREENSHOTS")
	if folder == "" {
		folder = filepath.Join("..", "..", ".ci", "out", "screenshots")
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	return folder
}

func TestThePageFitsLightDarkAndNarrowScreens(t *testing.T) {
	ctx := browser(t)
	folder := screenshots(t)
	p := open(t, ctx, serve(t, "-deflate"))
	p.enter("#echo-input", "hello, world")
	p.click("#echo-send")
	p.see("#echo-verdict[data-verdict=identical]")

	cases := []struct {
		name          string
		scheme        string // prefers-color-scheme
		width, height int64
	}{
		{"light", "light", 1280, 900},
		{"dark", "dark", 1280, 900},
		{"narrow", "light", 375, 812},
	}
	background := map[string]string{}
	for _, c := range cases {
		media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: c.scheme},
			{Name: "prefers-reduced-motion", Value: "reduce"}, // no picture of a colour half-way
		}}
		p.do(chromedp.EmulateViewport(c.width, c.height), chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
			_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, media)
			return err
		}))

		if wide := evaluate[int64](p, "document.documentElement.scrollWidth"); wide > c.width {
			t.Errorf("%s: the page is %d pixels wide, more than the screen's %d", c.name, wide, c.width)
		}
		background[c.name] = evaluate[string](p, "getComputedStyle(document.body).backgroundColor")

		picture, err := chromedp.Run(p.ctx, chromedp.FullScreenshot(100))
		if err != nil {
			t.Fatal(err)
		}
		if config, err := png.DecodeConfig(bytes.NewReader(picture)); err != nil || int64(config.Width) != c.width {
			t.Errorf("%s: picture %d wide (%v), want %d", c.name, config.Width, err, c.width)
		}
		if err := os.WriteFile(filepath.Join(folder, c.name+".png"), picture, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if background["light"] == background["dark"] {
		t.Errorf("the background is %s, light and dark", background["light"])
	}
}
