//! Plugins that know no protobuf, and such as are not asked for it: specifications and values in gob are those that come
//! in protobuf and MessagePack.

use engine::Cancel;
use planner::catalog::{AttributeSchema, BlockNesting, BlockSchema, Schema};
use planner::value::{Number, Type, Value};
use plugins::external::gob::{spec as gob_spec, value::from_gob};
use plugins::external::process::Plugin;
use plugins::external::{cty, spec};
use plugins::wire::fault::CallFault;

use crate::data::{Configs, Executed, OutputSpec};
use crate::start::ConfigSpec;
use crate::tester::{Sdk, binary, launch};

/// The component `name` of the plugin on `sdk`, spoken to without protobuf.
async fn component(sdk: Sdk, kind: &str, name: &str) -> Option<Plugin> {
    let mut launch = launch(binary(sdk)?, kind, name, "");
    launch.args.retain(|argument| argument != "--protobuf");
    Some(Plugin::start(&launch, &Cancel::new()).await.unwrap())
}

async fn config_spec(plugin: &Plugin, class: &str) -> Vec<u8> {
    let answer: ConfigSpec = plugin.client.call(&format!("{class}.ConfigSpec"), &()).await.unwrap();
    answer.config_spec
}

async fn output_spec(plugin: &Plugin) -> Vec<u8> {
    let answer: OutputSpec = plugin.client.call("Datasource.OutputSpec", &()).await.unwrap();
    answer.output_spec
}

#[tokio::test]
async fn schemas_are_the_same_in_gob() {
    let Some(new) = binary(Sdk::New) else { return };
    for (kind, class, name) in [
        ("builder", "Builder", "fields"),
        ("builder", "Builder", "machine"),
        ("builder", "Builder", "quick"),
        ("provisioner", "Provisioner", "tool"),
        ("provisioner", "Provisioner", "plain"),
        ("post-processor", "PostProcessor", "keeper"),
        ("post-processor", "PostProcessor", "transform"),
        ("datasource", "Datasource", "echo"),
        ("datasource", "Datasource", "given"),
        ("datasource", "Datasource", "nested"),
    ] {
        let plugin = Plugin::start(&launch(new, kind, name, ""), &Cancel::new()).await.unwrap();
        let expected = spec::schema(&config_spec(&plugin, class).await).unwrap();
        assert_ne!(expected, Schema::default(), "{name}");
        let expected_output = match kind {
            "datasource" => Some(spec::output(&output_spec(&plugin).await).unwrap()),
            _ => None,
        };
        for sdk in [Sdk::Old, Sdk::New] {
            let Some(plugin) = component(sdk, kind, name).await else { return };
            let schema = gob_spec::schema(&config_spec(&plugin, class).await).unwrap();
            assert_eq!(schema, expected, "{name} on the {sdk:?} SDK");
            if let Some(expected) = &expected_output {
                let output = gob_spec::output(&output_spec(&plugin).await).unwrap();
                assert_eq!(output, *expected, "{name} on the {sdk:?} SDK");
            }
        }
    }
}

async fn configured(plugin: &Plugin, config: Value) {
    let configs = Configs { configs: vec![cty::to_json(&config).unwrap().into()] };
    let _: serde::de::IgnoredAny = plugin.client.call("Datasource.Configure", &configs).await.unwrap();
}

async fn execute(plugin: &Plugin) -> Result<Vec<u8>, CallFault> {
    let executed: Executed = plugin.client.call("Datasource.Execute", &()).await?;
    Ok(executed.value)
}

fn number(text: &str) -> Value {
    Value::Number(Number::parse(text).unwrap())
}

/// Values of all types, in one another.
fn values() -> Vec<Value> {
    let disk = |size: &str| Value::object([("size", number(size)), ("label", Value::Null(Type::String))]);
    let disks = Value::list(vec![disk("1"), disk("-2.5")], Type::Dynamic);
    let mut values = vec![
        Value::text(""),
        Value::text("é 日本 \u{1F600} \"quoted\" ${not} %{this} \\ \n\t\0"),
        Value::Bool(true),
        Value::Bool(false),
        Value::Null(Type::Bool),
        Value::Null(Type::set(Type::list(Type::Number))),
        Value::List(Type::Number, [].into()),
        Value::strings(["a", "", "a"]),
        Value::list(vec![Value::text("a"), Value::Null(Type::String)], Type::String),
        Value::set(vec![Value::text("b"), Value::text("a")], Type::String),
        Value::set(vec![number("0.1"), number("1e40"), number("-3")], Type::Number),
        Value::set(vec![disk("1"), disk("2")], Type::Dynamic),
        Value::Set(Type::Bool, [].into()),
        Value::tuple([]),
        Value::tuple([Value::text("a"), number("1"), Value::Null(Type::Number), Value::tuple([Value::Bool(true)])]),
        Value::map([("".into(), number("1")), ("é".into(), number("2"))].into(), Type::Number),
        Value::Map(Type::map(Type::String), std::sync::Arc::default()),
        Value::object::<&str>([]),
        Value::object([("disks", disks.clone()), ("all", Value::tuple([disks]))]),
    ];
    values.push((0..100).fold(Value::text("deep"), |inner, level| match level % 3 {
        0 => Value::tuple([inner]),
        1 => Value::list(vec![inner], Type::Dynamic),
        _ => Value::object([("in", inner)]),
    }));
    let long = format!("-{}.{}", "1234567890".repeat(12), "0987654321".repeat(3));
    for text in ["0", "1", "-1", "9007199254740993", "18446744073709551616", "0.1", "-0.0625", "1e100", "1e-100", &long]
    {
        values.push(number(text));
    }
    values
}

#[tokio::test]
async fn values_of_every_type_come_in_gob() {
    for sdk in [Sdk::Old, Sdk::New] {
        let Some(plugin) = component(sdk, "datasource", "given").await else { return };
        for value in values() {
            let text = String::from_utf8(cty::to_json(&value).unwrap()).unwrap();
            configured(&plugin, Value::object([("value", Value::text(&text))])).await;
            assert_eq!(from_gob(&execute(&plugin).await.unwrap()).unwrap(), value, "{text} on the {sdk:?} SDK");
        }
    }
}

#[tokio::test]
async fn values_without_a_form_in_json_come_in_gob_if_they_have_one_there() {
    let Some(plugin) = component(Sdk::Old, "datasource", "given").await else { return };
    for (name, expected) in [
        ("infinity", Ok("+Inf")),
        ("negative infinity", Ok("-Inf")),
        ("negative zero", Ok("-0")),
        ("third", Ok("0.33333333333333333334")),
        ("none", Err("the value has no type")),
        ("unknown", Err("type not registered for interface: cty.unknownType")),
        ("unknown within", Err("type not registered for interface: cty.unknownType")),
        ("anything", Err("type not registered for interface: cty.pseudoTypeDynamic")),
        ("null", Err("type not registered for interface: cty.pseudoTypeDynamic")),
    ] {
        configured(&plugin, Value::object([("value", Value::text(name))])).await;
        let read = execute(&plugin).await.map_err(|fault| fault.to_string());
        let read = read.and_then(|bytes| from_gob(&bytes).map_err(|fault| fault.to_string()));
        match expected {
            Ok(text) => assert_eq!(read.unwrap().as_number().unwrap().to_string(), text, "{name}"),
            Err(text) => assert!(read.clone().is_err_and(|fault| fault.contains(text)), "{name}: {read:?}"),
        }
    }
}

#[tokio::test]
async fn data_of_an_old_plugin_is_that_of_a_new_one() {
    let Some(new) = binary(Sdk::New) else { return };
    for name in ["nested", "echo"] {
        let mut config = vec![("text", Value::text("é"))];
        match name {
            "nested" => config.push(("count", Value::int(3))),
            _ => config.extend([("number", Value::int(7)), ("list", Value::strings(["a", "b"]))]),
        }
        let config = Value::object(config);
        let plugin = Plugin::start(&launch(new, "datasource", name, ""), &Cancel::new()).await.unwrap();
        configured(&plugin, config.clone()).await;
        let expected = cty::from_msgpack(&execute(&plugin).await.unwrap()).unwrap();
        assert!(expected.get("text").is_some(), "{expected:?}");
        for sdk in [Sdk::Old, Sdk::New] {
            let Some(plugin) = component(sdk, "datasource", name).await else { return };
            configured(&plugin, config.clone()).await;
            assert_eq!(from_gob(&execute(&plugin).await.unwrap()).unwrap(), expected, "{name} on the {sdk:?} SDK");
        }
    }
}

#[tokio::test]
async fn shapes_that_protobuf_has_no_words_for_come_in_gob() {
    for sdk in [Sdk::Old, Sdk::New] {
        let Some(plugin) = component(sdk, "builder", "shapes").await else { return };
        let schema = gob_spec::schema(&config_spec(&plugin, "Builder").await).unwrap();
        let attributes = schema.attributes.iter().map(|attribute| {
            let default = attribute.default.as_ref().map(|value| format!(", or {value:?}")).unwrap_or_default();
            format!("{} {}{}{default}", attribute.name, attribute.ty, if attribute.required { "!" } else { "" })
        });
        let names = Type::object([("a", Type::String), ("b", Type::list(Type::Bool))]);
        let Type::Object(mut thing) = names else { unreachable!("it was made above") };
        std::sync::Arc::make_mut(&mut thing).optional = ["b".into()].into();
        assert_eq!(
            attributes.collect::<Vec<_>>(),
            [
                format!("names {}", Type::set(Type::String)),
                format!("none {}", Type::tuple([])),
                format!("pair {}", Type::tuple([Type::String, Type::Number])),
                format!("size number, or {:?}", Value::int(7)),
                format!("thing {}!", Type::Object(thing.clone())),
            ]
        );
        let is_thing = |attribute: &&AttributeSchema| attribute.ty == Type::Object(thing.clone());
        assert_eq!(schema.attributes.iter().filter(is_thing).count(), 1);
        let labels = |labels: &[&str]| labels.iter().map(|label| std::sync::Arc::from(*label)).collect();
        let blocks = schema.blocks.iter().map(|block| {
            let BlockSchema { name, nesting, min, max, schema } = block;
            (&**name, nesting.clone(), *min, *max, schema.attributes.len())
        });
        assert_eq!(
            blocks.collect::<Vec<_>>(),
            [
                ("disk", BlockNesting::Set, 1, Some(3), 1),
                ("extra", BlockNesting::Object(labels(&["kind"])), 0, None, 1),
                ("labels", BlockNesting::Attributes(Type::list(Type::String)), 1, None, 0),
                ("mount", BlockNesting::Map(labels(&["host", "path"])), 0, None, 1),
                ("nic", BlockNesting::List, 2, None, 1),
                ("one", BlockNesting::Single, 0, None, 0),
                ("volume", BlockNesting::Map(labels(&["name"])), 0, None, 1),
            ]
        );
    }
}
