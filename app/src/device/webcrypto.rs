//! The browser's own cryptography, measured beside ours. It is not used for anything else.

use js_sys::{Array, Function, Object, Promise, Reflect, Uint8Array};
use message::worker::keys::Measured;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;

/// How often each thing is done.
const RUNS: usize = 7;

/// The same for keys.
const KEY_RUNS: usize = 3;

fn get(it: &JsValue, name: &str) -> Result<JsValue, JsValue> {
    Reflect::get(it, &name.into())
}

/// Microseconds since the page was opened.
fn now_us() -> Result<f64, JsValue> {
    let performance = get(&js_sys::global(), "performance")?;
    let now: Function = get(&performance, "now")?.dyn_into()?;
    Ok(now.call0(&performance)?.as_f64().unwrap_or_default() * 1000.0)
}

async fn subtle(method: &str, arguments: &[&JsValue]) -> Result<JsValue, JsValue> {
    let subtle = get(&get(&js_sys::global(), "crypto")?, "subtle")?;
    let method: Function = get(&subtle, method)?.dyn_into()?;
    let list: Array = arguments.iter().map(|it| (*it).clone()).collect();
    let promise: Promise = method.apply(&subtle, &list)?.dyn_into()?;
    JsFuture::from(promise).await
}

fn object(parts: &[(&str, JsValue)]) -> Result<JsValue, JsValue> {
    let object = Object::new();
    for (name, value) in parts {
        Reflect::set(&object, &(*name).into(), value)?;
    }
    Ok(object.into())
}

async fn make(name: &str, uses: [&str; 2]) -> Result<JsValue, JsValue> {
    let exponent = Uint8Array::from([1, 0, 1].as_slice());
    let kind = object(&[
        ("name", name.into()),
        ("modulusLength", 3072.into()),
        ("publicExponent", exponent.into()),
        ("hash", "SHA-256".into()),
    ])?;
    let uses: Array = uses.iter().map(|it| JsValue::from_str(it)).collect();
    subtle("generateKey", &[&kind, &JsValue::FALSE, &uses.into()]).await
}

/// Measures one thing.
pub(crate) async fn measure(what: Measured) -> Result<Vec<u32>, JsValue> {
    let signs = matches!(what, Measured::MakeKey | Measured::Sign | Measured::Verify);
    let (name, uses) = match signs {
        true => ("RSA-PSS", ["sign", "verify"]),
        false => ("RSA-OAEP", ["encrypt", "decrypt"]),
    };
    let mut micros = Vec::new();
    if what == Measured::MakeKey {
        for _ in 0..KEY_RUNS {
            let start = now_us()?;
            make(name, uses).await?;
            micros.push((now_us()? - start) as u32);
        }
        return Ok(micros);
    }
    let pair = make(name, uses).await?;
    let (public, private) = (get(&pair, "publicKey")?, get(&pair, "privateKey")?);
    let kind = object(&[("name", name.into()), ("saltLength", 32.into())])?;
    let text: JsValue = Uint8Array::from([7; 32].as_slice()).into();
    let made = match signs {
        true => subtle("sign", &[&kind, &private, &text]).await?,
        false => subtle("encrypt", &[&kind, &public, &text]).await?,
    };
    for run in 0..=RUNS {
        let start = now_us()?;
        match what {
            Measured::MakeKey | Measured::Sign => subtle("sign", &[&kind, &private, &text]).await?,
            Measured::Verify => subtle("verify", &[&kind, &public, &made, &text]).await?,
            Measured::Seal => subtle("encrypt", &[&kind, &public, &text]).await?,
            Measured::Open => subtle("decrypt", &[&kind, &private, &made]).await?,
        };
        // The first run fills caches and is not counted.
        if run > 0 {
            micros.push((now_us()? - start) as u32);
        }
    }
    Ok(micros)
}
