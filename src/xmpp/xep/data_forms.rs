//! XEP-0004: Data Forms, with the field standardization of XEP-0068.

use crate::list::IntoList;
use crate::ns;
use crate::payload::{Payload, PayloadError, boolean_text, empty, expect, required, text_element, words};
use crate::xml::Element;

/// The field that says what kind of form it is (XEP-0068 §3).
pub const FORM_TYPE: &str = "FORM_TYPE";
/// A form with more fields, or a field with more values or options, is refused (attack case L-08).
const MAX_PARTS: usize = 2_000;

words! {
    /// What a form is for (XEP-0004 §3.1).
    FormKind {
        /// To be filled in.
        Form = "form",
        /// Filled in.
        Submit = "submit",
        /// Not filled in: the person gave up.
        Cancel = "cancel",
        /// Data.
        Result = "result",
    }
}

words! {
    /// What a field holds (XEP-0004 §3.3). An unknown type counts as `text-single`.
    FieldKind {
        /// Yes or no.
        Boolean = "boolean",
        /// A text to show.
        Fixed = "fixed",
        /// Not to be shown, and to be returned as it is.
        Hidden = "hidden",
        /// Addresses.
        JidMulti = "jid-multi",
        /// An address.
        JidSingle = "jid-single",
        /// Some of the options.
        ListMulti = "list-multi",
        /// One of the options.
        ListSingle = "list-single",
        /// Lines of text.
        TextMulti = "text-multi",
        /// A line of text that is not to be seen.
        TextPrivate = "text-private",
        /// A line of text.
        TextSingle = "text-single",
    }
}

/// One of the choices of a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FieldOption {
    /// What to show.
    pub label: Option<String>,
    /// What to return.
    pub value: String,
}

/// One field (XEP-0004 §3.2).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Field {
    /// Its name; only fixed ones may have none.
    pub var: Option<String>,
    /// Its type, where given.
    pub kind: Option<FieldKind>,
    /// What to show as its name.
    pub label: Option<String>,
    /// What to show as its explanation.
    pub description: Option<String>,
    /// Whether it must be filled in.
    pub required: bool,
    /// What it holds.
    pub values: Vec<String>,
    /// What can be chosen.
    pub options: Vec<FieldOption>,
}

/// A form.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DataForm {
    /// What it is for.
    pub kind: FormKind,
    /// Its title.
    pub title: Option<String>,
    /// What to do with it, one paragraph each.
    pub instructions: Vec<String>,
    /// Its fields.
    pub fields: Vec<Field>,
    /// The columns of a table of results (§3.4).
    pub reported: Vec<Field>,
    /// The rows of a table of results.
    pub items: Vec<Vec<Field>>,
}

impl Field {
    /// A field with one value.
    pub fn new(var: &str, value: impl Into<String>) -> Self {
        Self { var: Some(var.to_owned()), values: vec![value.into()], ..Self::default() }
    }

    /// A hidden field with one value.
    pub fn hidden(var: &str, value: &str) -> Self {
        Self { kind: Some(FieldKind::Hidden), ..Self::new(var, value) }
    }

    /// Whether its first value means "yes".
    pub fn is_true(&self) -> bool {
        self.values.first().is_some_and(|value| boolean_text(value) == Some(true))
    }
}

impl DataForm {
    /// An empty form of a kind.
    pub fn new(kind: FormKind) -> Self {
        Self {
            kind,
            title: None,
            instructions: Vec::new(),
            fields: Vec::new(),
            reported: Vec::new(),
            items: Vec::new(),
        }
    }

    /// A filled-in form of this type (XEP-0068).
    pub fn submit(form_type: &str) -> Self {
        Self { fields: vec![Field::hidden(FORM_TYPE, form_type)], ..Self::new(FormKind::Submit) }
    }

    /// This form with one more field.
    #[must_use]
    pub fn with(mut self, var: &str, value: impl Into<String>) -> Self {
        self.fields.push(Field::new(var, value));
        self
    }

    /// This form with one more field if there is a value for it.
    #[must_use]
    pub fn with_opt(self, var: &str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.with(var, value),
            None => self,
        }
    }

    /// The first field of a name.
    pub fn field(&self, var: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.var.as_deref() == Some(var))
    }

    /// The first value of the first field of a name.
    pub fn value(&self, var: &str) -> Option<&str> {
        self.field(var)?.values.first().map(String::as_str)
    }

    /// The form's type (XEP-0068 §3.1): it counts only from a hidden field, except that a submitted form need not say so.
    pub fn form_type(&self) -> Option<&str> {
        let field = self.field(FORM_TYPE)?;
        let hidden = match field.kind {
            Some(kind) => kind == FieldKind::Hidden,
            None => self.kind == FormKind::Submit,
        };
        field.values.first().filter(|_| hidden).map(String::as_str)
    }
}

impl Payload for DataForm {
    const NAME: &'static str = "x";
    const NS: &'static str = ns::DATA_FORMS;

    fn from_element(element: &Element) -> Result<Self, PayloadError> {
        expect::<Self>(element)?;
        let kind = FormKind::from_word(required(element, "type")?).ok_or(PayloadError::Invalid("type"))?;
        let reported = element.child("reported", ns::DATA_FORMS);
        let items = element.children_named("item", ns::DATA_FORMS);
        Ok(Self {
            kind,
            title: element.child_text("title", ns::DATA_FORMS),
            instructions: element.children_named("instructions", ns::DATA_FORMS).map(Element::text).into_list(),
            fields: read_fields(element)?,
            reported: reported.map_or(Ok(Vec::new()), read_fields)?,
            items: items.take(MAX_PARTS).map(read_fields).collect::<Result<_, _>>()?,
        })
    }

    fn to_element(&self) -> Element {
        let reported = (!self.reported.is_empty()).then(|| write_fields("reported", &self.reported));
        Element::builder(Self::NAME, Self::NS)
            .attr("type", self.kind.word())
            .child_opt(self.title.as_ref().map(|title| text_element("title", ns::DATA_FORMS, title)))
            .children(self.instructions.iter().map(|text| text_element("instructions", ns::DATA_FORMS, text)))
            .children(self.fields.iter().map(Field::write))
            .child_opt(reported)
            .children(self.items.iter().map(|item| write_fields("item", item)))
            .build()
    }
}

fn read_fields(parent: &Element) -> Result<Vec<Field>, PayloadError> {
    let fields = || parent.children_named("field", ns::DATA_FORMS);
    if fields().count() > MAX_PARTS {
        return Err(PayloadError::TooLarge("field"));
    }
    fields().map(Field::read).collect()
}

fn write_fields(name: &str, fields: &[Field]) -> Element {
    Element::builder(name, ns::DATA_FORMS).children(fields.iter().map(Field::write)).build()
}

impl Field {
    fn read(element: &Element) -> Result<Self, PayloadError> {
        let named = |name| element.children_named(name, ns::DATA_FORMS);
        if named("value").count().max(named("option").count()) > MAX_PARTS {
            return Err(PayloadError::TooLarge("value"));
        }
        Ok(Self {
            var: element.attr("var").map(str::to_owned),
            kind: element.attr("type").map(|word| FieldKind::from_word(word).unwrap_or(FieldKind::TextSingle)),
            label: element.attr("label").map(str::to_owned),
            description: element.child_text("desc", ns::DATA_FORMS),
            required: element.child("required", ns::DATA_FORMS).is_some(),
            values: named("value").map(Element::text).into_list(),
            options: named("option").filter_map(FieldOption::read).into_list(),
        })
    }

    fn write(&self) -> Element {
        Element::builder("field", ns::DATA_FORMS)
            .attr_opt("var", self.var.as_deref())
            .attr_opt("type", self.kind.map(FieldKind::word))
            .attr_opt("label", self.label.as_deref())
            .child_opt(self.description.as_ref().map(|text| text_element("desc", ns::DATA_FORMS, text)))
            .child_opt(self.required.then(|| empty("required", ns::DATA_FORMS)))
            .children(self.values.iter().map(|value| text_element("value", ns::DATA_FORMS, value)))
            .children(self.options.iter().map(FieldOption::write))
            .build()
    }
}

impl FieldOption {
    /// An option without a value can't be chosen.
    fn read(element: &Element) -> Option<Self> {
        let value = element.child_text("value", ns::DATA_FORMS)?;
        Some(Self { label: element.attr("label").map(str::to_owned), value })
    }

    fn write(&self) -> Element {
        Element::builder("option", ns::DATA_FORMS)
            .attr_opt("label", self.label.as_deref())
            .child(text_element("value", ns::DATA_FORMS, &self.value))
            .build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::testing::{read, round_trip};

    #[test]
    fn a_full_form_survives_the_round_trip() {
        let form: DataForm = round_trip(
            "<x xmlns='jabber:x:data' type='form'><title>Bot Configuration</title><instructions>Fill out!</instructions>\
             <field type='hidden' var='FORM_TYPE'><value>jabber:bot</value></field>\
             <field type='fixed'><value>Section 1</value></field>\
             <field type='text-single' label='Name' var='botname'><desc>Short</desc><required/></field>\
             <field type='boolean' var='public'><value>1</value></field>\
             <field type='list-multi' var='features'><value>news</value><option label='Contests'><value>contests</value></option>\
             <option><value>news</value></option></field></x>",
        );
        assert_eq!(form.form_type(), Some("jabber:bot"));
        assert!(form.field("botname").unwrap().required);
        assert!(form.field("public").unwrap().is_true());
        assert_eq!(form.value("features"), Some("news"));
        assert_eq!(form.field("features").unwrap().options[0].value, "contests");
        assert_eq!(form.value("botname"), None);
        assert_eq!(form.field("nothing"), None);
    }

    #[test]
    fn a_table_survives_the_round_trip() {
        let form: DataForm = round_trip(
            "<x xmlns='jabber:x:data' type='result'><reported><field var='name' label='Name'/></reported>\
             <item><field var='name'><value>a</value></field></item><item><field var='name'><value>b</value></field></item></x>",
        );
        assert_eq!(form.items.len(), 2);
        assert_eq!(form.items[1][0].values, ["b"]);
    }

    #[test]
    fn building() {
        let form =
            DataForm::submit("urn:xmpp:mam:2").with("with", "juliet@capulet.lit").with_opt("end", None::<String>);
        let xml = "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'><value>urn:xmpp:mam:2</value>\
                   </field><field var='with'><value>juliet@capulet.lit</value></field></x>";
        assert_eq!(form, round_trip(xml));
    }

    #[test]
    fn the_form_type_must_be_hidden() {
        let form = |kind: &str, field: &str| {
            let xml = format!(
                "<x xmlns='jabber:x:data' type='{kind}'><field var='FORM_TYPE'{field}><value>a</value></field></x>"
            );
            read::<DataForm>(&xml).unwrap().form_type().map(str::to_owned)
        };
        assert_eq!(form("result", " type='hidden'").as_deref(), Some("a"));
        assert_eq!(form("result", ""), None);
        assert_eq!(form("result", " type='text-single'"), None);
        assert_eq!(form("submit", "").as_deref(), Some("a"));
        assert_eq!(form("submit", " type='text-single'"), None);
    }

    #[test]
    fn kinds() {
        for kind in FormKind::ALL {
            round_trip::<DataForm>(&format!("<x xmlns='jabber:x:data' type='{}'/>", kind.word()));
        }
        for kind in FieldKind::ALL {
            let word = kind.word();
            round_trip::<DataForm>(&format!("<x xmlns='jabber:x:data' type='form'><field var='a' type='{word}'/></x>"));
        }
        let odd: DataForm = read("<x xmlns='jabber:x:data' type='form'><field var='a' type='colour'/></x>").unwrap();
        assert_eq!(odd.fields[0].kind, Some(FieldKind::TextSingle));
        assert_eq!(read::<DataForm>("<x xmlns='jabber:x:data'/>"), Err(PayloadError::MissingAttribute("type")));
        assert_eq!(read::<DataForm>("<x xmlns='jabber:x:data' type='error'/>"), Err(PayloadError::Invalid("type")));
    }

    #[test]
    fn endless_forms_are_refused() {
        let fields = "<field var='a'/>".repeat(MAX_PARTS.saturating_add(1));
        let form = format!("<x xmlns='jabber:x:data' type='form'>{fields}</x>");
        assert_eq!(read::<DataForm>(&form), Err(PayloadError::TooLarge("field")));
        let options = "<option><value>1</value></option>".repeat(MAX_PARTS.saturating_add(1));
        let form = format!("<x xmlns='jabber:x:data' type='form'><field var='a'>{options}</field></x>");
        assert_eq!(read::<DataForm>(&form), Err(PayloadError::TooLarge("value")));
    }
}
