//! Where the service is: region and address.

use reqwest::Url;

use crate::secrets::aws::client::Service;
use crate::secrets::aws::fault::AwsError;
use crate::secrets::aws::profile::{Profile, Profiles};
use crate::secrets::connection::SetupError;
use crate::secrets::settings::SecretSettings;

/// Regions by the start of their names, with the domains that services have there: the usual one and that of both
/// versions of IP.
const DOMAINS: [(&str, &str, &str); 7] = [
    ("cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"),
    ("eusc-", "amazonaws.eu", "api.amazonwebservices.eu"),
    ("us-iso-", "c2s.ic.gov", "api.aws.ic.gov"),
    ("us-isob-", "sc2s.sgov.gov", "api.aws.scloud"),
    ("eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"),
    ("us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov"),
    ("", "amazonaws.com", "api.aws"),
];

/// The region that the environment or the profile names.
pub(super) fn region(settings: &SecretSettings, profile: Option<Profile<'_>>) -> Option<String> {
    let named = settings.first(&["AWS_REGION", "AWS_DEFAULT_REGION"]);
    named.or_else(|| profile?.get("region")).map(str::to_owned)
}

/// The address of the service. Only one that nobody configured needs a region.
pub(super) fn endpoint(
    service: &Service,
    settings: &SecretSettings,
    profiles: &Profiles,
    profile: Option<Profile<'_>>,
    region: &str,
) -> Result<Url, AwsError> {
    let configured = || {
        let profile_ignores =
            profile.and_then(|profile| profile.get("ignore_configured_endpoint_urls")) == Some("true");
        if settings.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") == Some("true") || profile_ignores {
            return None;
        }
        let of_service = || profiles.of_service(profile?, service.setting);
        let of_profile = || profile?.get("endpoint_url");
        settings
            .get(service.variable)
            .or_else(of_service)
            .or_else(|| settings.get("AWS_ENDPOINT_URL"))
            .or_else(of_profile)
    };
    let address = match configured() {
        Some(address) => address.to_owned(),
        None => default_address(service, settings, profile, region)?,
    };
    Url::parse(&address).map_err(|error| SetupError::Address { address, reason: error.to_string() }.into())
}

fn default_address(
    service: &Service,
    settings: &SecretSettings,
    profile: Option<Profile<'_>>,
    region: &str,
) -> Result<String, AwsError> {
    if region.is_empty() {
        return Err(AwsError::NoRegion(service.first_call()));
    }
    let is_name = region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !is_name {
        return Err(AwsError::Setup(format!("{region:?} is not the name of a region")));
    }
    let wants = |variable, setting: &str| -> Result<bool, AwsError> {
        let in_profile = profile.and_then(|profile| profile.get(setting)) == Some("true");
        Ok(settings.switch(variable)?.unwrap_or(in_profile))
    };
    let fips = if wants("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint")? { "-fips" } else { "" };
    let both = wants("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint")?;
    let (_, usual, dual) = DOMAINS.iter().find(|(start, ..)| region.starts_with(start)).unwrap_or(&DOMAINS[6]);
    let domain = if both { dual } else { usual };
    Ok(format!("https://{}{fips}.{region}.{domain}", service.name))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::process::Fence;
    use crate::secrets::aws::secrets_manager::SECRETS_MANAGER;
    use crate::secrets::settings::Patience;

    #[test]
    fn addresses_of_regions() {
        for (region, variables, expected) in [
            ("eu-west-1", &[][..], "https://secretsmanager.eu-west-1.amazonaws.com/"),
            ("cn-north-1", &[], "https://secretsmanager.cn-north-1.amazonaws.com.cn/"),
            (
                "us-gov-west-1",
                &[("AWS_USE_FIPS_ENDPOINT", "true")],
                "https://secretsmanager-fips.us-gov-west-1.amazonaws.com/",
            ),
            ("eu-west-1", &[("AWS_USE_DUALSTACK_ENDPOINT", "1")], "https://secretsmanager.eu-west-1.api.aws/"),
            ("eu-west-1", &[("AWS_ENDPOINT_URL", "http://h:1/x")], "http://h:1/x"),
            (
                "eu-west-1",
                &[("AWS_ENDPOINT_URL", "http://h:1"), ("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://s:2")],
                "http://s:2/",
            ),
            (
                "us-iso-east-1",
                &[("AWS_ENDPOINT_URL", "http://h:1"), ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")],
                "https://secretsmanager.us-iso-east-1.c2s.ic.gov/",
            ),
        ] {
            let environment = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let settings = SecretSettings {
                environment: Arc::new(environment),
                home: None,
                working_dir: "/".into(),
                patience: Patience::default(),
                fence: Fence::default(),
            };
            let url = endpoint(&SECRETS_MANAGER, &settings, &Profiles::default(), None, region).unwrap();
            assert_eq!(url.as_str(), expected, "{region} {variables:?}");
        }
    }
}
