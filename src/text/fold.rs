//! Lower case and letters, by the browser's tables: ours would come with the app.

/// In lower case.
#[cfg(target_arch = "wasm32")]
pub fn lower(text: &str) -> String {
    String::from(js_sys::JsString::from(text).to_lower_case())
}

/// In upper case.
#[cfg(target_arch = "wasm32")]
pub fn upper(text: &str) -> String {
    String::from(js_sys::JsString::from(text).to_upper_case())
}

/// Whether this is a letter or a digit of any script.
#[cfg(target_arch = "wasm32")]
pub fn is_word(sign: char) -> bool {
    thread_local! {
        static WORD: js_sys::RegExp = js_sys::RegExp::new(r"[\p{L}\p{M}\p{N}]", "u");
    }
    match sign.is_ascii() {
        true => sign.is_ascii_alphanumeric(),
        false => WORD.with(|word| word.test(sign.encode_utf8(&mut [0; 4]))),
    }
}

/// In lower case.
#[cfg(not(target_arch = "wasm32"))]
pub fn lower(text: &str) -> String {
    text.to_lowercase()
}

/// In upper case.
#[cfg(not(target_arch = "wasm32"))]
pub fn upper(text: &str) -> String {
    text.to_uppercase()
}

/// Whether this is a letter or a digit of any script.
#[cfg(not(target_arch = "wasm32"))]
pub fn is_word(sign: char) -> bool {
    sign.is_alphanumeric()
}
