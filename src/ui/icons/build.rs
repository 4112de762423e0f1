//! Turns the vendored Lucide files into Rust constants (one path each), and works out the table of avatar colours.
//!
//! An icon becomes one path, so that the app draws it as real SVG elements and never parses markup.

use std::{env, error::Error, fmt::Write as _, fs, path::Path};

/// HSLuv saturation and lightness of avatar colours: white letters on them have a contrast above 4.5 everywhere.
const SATURATION: f64 = 80.0;
const LIGHTNESS: f64 = 46.0;

fn main() -> Result<(), Box<dyn Error>> {
    let source = Path::new("src/ui/icons");
    println!("cargo::rerun-if-changed={}", source.display());
    let out = env::var("OUT_DIR")?;
    fs::write(Path::new(&out).join("icons.rs"), icons(source)?)?;
    fs::write(Path::new(&out).join("colours.rs"), colours())?;
    Ok(())
}

fn icons(source: &Path) -> Result<String, Box<dyn Error>> {
    let mut files: Vec<_> =
        fs::read_dir(source)?.collect::<Result<Vec<_>, _>>()?.iter().map(|file| file.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "svg"));
    files.sort();
    let mut code = String::new();
    for file in files {
        let name = file.file_stem().and_then(|stem| stem.to_str()).ok_or("an icon's name is text")?;
        let constant = name.replace('-', "_").to_uppercase();
        let path = path_of(&fs::read_to_string(&file)?).map_err(|error| format!("{name}: {error}"))?;
        writeln!(code, "/// Lucide's `{name}`.\npub const {constant}: Icon = Icon({path:?});")?;
    }
    Ok(code)
}

/// All shapes of an SVG file as one path.
fn path_of(svg: &str) -> Result<String, Box<dyn Error>> {
    let (_, inner) = svg.split_once("<svg").and_then(|(_, rest)| rest.split_once('>')).ok_or("no svg element")?;
    let mut path = String::new();
    for element in inner.split('<').skip(1).filter(|element| !element.starts_with('/')) {
        let (name, attributes) = element.split_once(' ').ok_or("an element without attributes")?;
        path.push_str(&shape(name, attributes)?);
    }
    Ok(path)
}

fn shape(name: &str, attributes: &str) -> Result<String, Box<dyn Error>> {
    let attributes = format!(" {attributes}");
    let text = |key: &str| attribute(&attributes, key).ok_or_else(|| format!("<{name}> has no {key}"));
    let number = |key: &str| -> Result<f64, Box<dyn Error>> { Ok(text(key)?.parse()?) };
    Ok(match name {
        // A relative beginning is meant from the origin, not from where the shape before ended.
        "path" => ["M0 0", text("d")?].concat(),
        "circle" => {
            let (cx, cy, r) = (number("cx")?, number("cy")?, number("r")?);
            format!("M{} {cy}a{r} {r} 0 1 0 {} 0a{r} {r} 0 1 0 {} 0", cx - r, 2.0 * r, -2.0 * r)
        }
        "line" => format!("M{} {}L{} {}", number("x1")?, number("y1")?, number("x2")?, number("y2")?),
        "polyline" => format!("M{}", text("points")?),
        "polygon" => format!("M{}Z", text("points")?),
        "rect" => {
            let (x, y, width, height) = (number("x")?, number("y")?, number("width")?, number("height")?);
            let r = number("rx").unwrap_or(0.0);
            let (across, down) = (width - 2.0 * r, height - 2.0 * r);
            format!(
                "M{} {y}h{across}a{r} {r} 0 0 1 {r} {r}v{down}a{r} {r} 0 0 1 -{r} {r}h-{across}a{r} {r} 0 0 1 -{r} -{r}v-{down}a{r} {r} 0 0 1 {r} -{r}z",
                x + r
            )
        }
        other => return Err(format!("<{other}> is not known").into()),
    })
}

fn attribute<'a>(attributes: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = attributes.split_once(&format!(" {key}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}

/// One colour for each of 256 steps around the hue circle (XEP-0392 §5.2, with a palette of 256).
fn colours() -> String {
    let rows: Vec<String> = (0..256_u32)
        .map(|step| {
            let (red, green, blue) = hsluv::hsluv_to_rgb(f64::from(step) / 256.0 * 360.0, SATURATION, LIGHTNESS);
            let byte = |channel: f64| (channel * 255.0).round() as u8;
            format!("[{}, {}, {}]", byte(red), byte(green), byte(blue))
        })
        .collect();
    format!("[{}]", rows.join(", "))
}
